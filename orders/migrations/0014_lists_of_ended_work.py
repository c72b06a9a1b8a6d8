from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models
from django.db.models import Q

FINISHED = (
    "shipped",
    "delivered",
    "lost",
    "found",
    "returning",
    "collected",
    "rejected",
    "cancelled",
    "expired",
)
DONE = models.Index(
    fields=["location", "id"], name="fulfilment_done", condition=Q(state__in=FINISHED)
)
SENT = models.Index(
    fields=["source", "id"],
    name="fulfilment_sent",
    condition=Q(state__in=FINISHED, source__isnull=False),
)


class Migration(migrations.Migration):
    atomic = False  # work goes on while the indexes are built

    dependencies = [("orders", "0013_units_to_put_back")]

    operations = [
        operation
        for index in (DONE, SENT)
        for operation in (
            RemoveIndexConcurrently(model_name="fulfilment", name=index.name),
            AddIndexConcurrently(model_name="fulfilment", index=index),
        )
    ]
