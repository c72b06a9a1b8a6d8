"""Find events of a cart by its name: an erasure takes the cart's reference out of them."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("outbox", "0007_events_are_text")]

    operations = [
        AddIndexConcurrently(
            model_name="event",
            index=models.Index(
                condition=models.Q(("order", ""), ("subject__startswith", "reservations/")),
                fields=["subject"],
                name="event_of_cart",
            ),
        ),
    ]
