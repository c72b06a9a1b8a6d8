from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # orders go on while the indexes are built

    dependencies = [
        ("inventory", "0019_read_without_walking"),
        ("orders", "0008_receipts_are_text"),
        ("stores", "0002_network_revision"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="fulfilment",
            index=models.Index(
                condition=models.Q(
                    (
                        "state__in",
                        ("shipped", "delivered", "collected", "rejected", "cancelled", "expired"),
                    )
                ),
                fields=["location", "id"],
                name="fulfilment_done",
            ),
        ),
        AddIndexConcurrently(
            model_name="fulfilment",
            index=models.Index(
                condition=models.Q(
                    ("source__isnull", False),
                    (
                        "state__in",
                        ("shipped", "delivered", "collected", "rejected", "cancelled", "expired"),
                    ),
                ),
                fields=["source", "id"],
                name="fulfilment_sent",
            ),
        ),
        AddIndexConcurrently(
            model_name="fulfilment",
            index=models.Index(
                condition=models.Q(("state__in", ("rejected", "cancelled", "expired"))),
                fields=["state", "id"],
                name="fulfilment_came_to_nothing",
            ),
        ),
        AddIndexConcurrently(
            model_name="orderline",
            index=models.Index(
                condition=models.Q(("cancelled__gt", 0)), fields=["order"], name="line_cancelled"
            ),
        ),
        AddIndexConcurrently(
            model_name="orderline",
            index=models.Index(
                condition=models.Q(("returned__gt", 0)), fields=["order"], name="line_returned"
            ),
        ),
        AddIndexConcurrently(
            model_name="returnreceiptline",
            index=models.Index(
                condition=models.Q(
                    ("disposition", "inspect"), ("moved_on__lt", models.F("quantity"))
                ),
                fields=["location"],
                name="inspection_undecided",
            ),
        ),
    ]
