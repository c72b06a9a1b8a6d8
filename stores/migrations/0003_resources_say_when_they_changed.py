import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models
from django.db.models.functions import Now

import core.database.updated_at


class Migration(migrations.Migration):
    dependencies = [
        ("stores", "0002_network_revision"),
    ]

    operations = [
        # A default that is the same for all rows is not written into them; later ones get the clock.
        *(
            migrations.AddField(
                model_name=name,
                name="updated_at",
                field=models.DateTimeField(db_default=Now(), editable=False),
            )
            for name in ("channel", "location")
        ),
        *(
            migrations.AlterField(
                model_name=name,
                name="updated_at",
                field=models.DateTimeField(
                    db_default=core.database.updated_at.WriteTime(), editable=False
                ),
            )
            for name in ("channel", "location")
        ),
        migrations.AddIndex(
            model_name="channel",
            index=models.Index(fields=["updated_at", "id"], name="channel_updated"),
        ),
        migrations.AddIndex(
            model_name="location",
            index=models.Index(fields=["updated_at", "id"], name="location_updated"),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="channel",
            trigger=pgtrigger.compiler.Trigger(
                name="updated_at_moves",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func="NEW.updated_at = clock_timestamp(); RETURN NEW;",
                    hash="cbcba81459d1a11e3acee37c44d9750557904edc",
                    operation="UPDATE",
                    pgid="pgtrigger_updated_at_moves_aa341",
                    table="stores_channel",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="location",
            trigger=pgtrigger.compiler.Trigger(
                name="updated_at_moves",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func="NEW.updated_at = clock_timestamp(); RETURN NEW;",
                    hash="f6644c78548259e034f74e62a618229f9a45fb3e",
                    operation="UPDATE",
                    pgid="pgtrigger_updated_at_moves_baa3c",
                    table="stores_location",
                    when="BEFORE",
                ),
            ),
        ),
    ]
