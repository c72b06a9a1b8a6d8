from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

INDEXES = [
    ("fulfilment", "fulfilment_updated"),
    ("order", "order_updated"),
    ("picklist", "pick_list_updated"),
    ("return", "return_updated"),
]


class Migration(migrations.Migration):
    atomic = False  # work goes on while the indexes are built

    dependencies = [("orders", "0010_resources_say_when_they_changed")]

    operations = [
        AddIndexConcurrently(
            model_name=model, index=models.Index(fields=["updated_at", "id"], name=name)
        )
        for model, name in INDEXES
    ]
