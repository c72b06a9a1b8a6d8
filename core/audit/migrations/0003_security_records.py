from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0002_read_without_walking"),
    ]

    operations = [
        migrations.CreateModel(
            name="SecurityRecord",
            fields=[],
            options={
                "verbose_name": "security record",
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("audit.auditrecord",),
        ),
        migrations.AddField(
            model_name="auditrecord",
            name="actor_id",
            field=models.CharField(
                blank=True, db_default="", max_length=64, verbose_name="actor's id"
            ),
        ),
        migrations.AddField(
            model_name="auditrecord",
            name="address",
            field=models.CharField(blank=True, db_default="", max_length=64),
        ),
        migrations.AddField(
            model_name="auditrecord",
            name="kind",
            field=models.CharField(
                choices=[("act", "Act"), ("security", "Security")], db_default="act", max_length=16
            ),
        ),
        migrations.AddField(
            model_name="auditrecord",
            name="outcome",
            field=models.CharField(
                choices=[("done", "Done"), ("refused", "Refused")], db_default="done", max_length=16
            ),
        ),
    ]
