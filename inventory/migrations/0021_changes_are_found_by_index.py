from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

INDEXES = [
    ("count", "count_updated"),
    ("expecteddelivery", "delivery_updated"),
    ("keeprule", "keep_rule_updated"),
    ("sku", "sku_updated"),
    ("transfer", "transfer_updated"),
]


class Migration(migrations.Migration):
    atomic = False  # work goes on while the indexes are built

    dependencies = [("inventory", "0020_resources_say_when_they_changed")]

    operations = [
        AddIndexConcurrently(
            model_name=model, index=models.Index(fields=["updated_at", "id"], name=name)
        )
        for model, name in INDEXES
    ]
