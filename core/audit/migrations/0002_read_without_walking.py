from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # orders go on while the indexes are built

    dependencies = [
        ("audit", "0001_initial"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="auditrecord",
            index=models.Index(fields=["actor", "id"], name="audit_of_actor"),
        ),
        AddIndexConcurrently(
            model_name="auditrecord",
            index=models.Index(fields=["action", "id"], name="audit_of_action"),
        ),
    ]
