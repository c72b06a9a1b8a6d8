from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # orders go on while the indexes are built

    dependencies = [
        ("inventory", "0018_guard_joins_what_many_wrote"),
        ("stores", "0002_network_revision"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="expecteddelivery",
            index=models.Index(
                models.ExpressionWrapper(
                    models.Q(("state__in", ("expected", "receiving")), _negated=True),
                    output_field=models.BooleanField(),
                ),
                models.OrderBy(models.F("expected_at"), nulls_last=True),
                models.OrderBy(models.F("id"), descending=True),
                name="delivery_in_order",
            ),
        ),
        AddIndexConcurrently(
            model_name="expecteddelivery",
            index=models.Index(
                condition=models.Q(("state__in", ("expected", "receiving"))),
                fields=["location"],
                name="delivery_awaited",
            ),
        ),
        AddIndexConcurrently(
            model_name="reservation",
            index=models.Index(
                condition=models.Q(("state__in", ("consumed", "released", "expired", "broken"))),
                fields=["reference"],
                name="reservation_ended",
            ),
        ),
        AddIndexConcurrently(
            model_name="stock",
            index=models.Index(
                condition=models.Q(("unavailable__gt", 0)),
                fields=["location"],
                name="stock_kept_apart",
            ),
        ),
        AddIndexConcurrently(
            model_name="transfer",
            index=models.Index(
                condition=models.Q(("state", "in_transit")),
                fields=["destination"],
                name="transfer_under_way",
            ),
        ),
        AddIndexConcurrently(
            model_name="transfer",
            index=models.Index(
                condition=models.Q(("reference", ""), _negated=True),
                fields=["reference"],
                name="transfer_for",
            ),
        ),
        # As `inventory_next_movements`: it sorted all that a shelf had ever moved, step by step.
        migrations.RunSQL(
            "ALTER FUNCTION inventory_first_movement_after(bigint, bigint, timestamptz)"
            " SET enable_sort = off",
            "ALTER FUNCTION inventory_first_movement_after(bigint, bigint, timestamptz)"
            " RESET enable_sort",
        ),
    ]
