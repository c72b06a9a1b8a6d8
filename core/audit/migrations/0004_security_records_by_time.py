from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # orders go on while the index is built

    dependencies = [
        ("audit", "0003_security_records"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="auditrecord",
            index=models.Index(
                condition=models.Q(("kind", "security")),
                fields=["at", "id"],
                name="audit_security",
            ),
        ),
    ]
