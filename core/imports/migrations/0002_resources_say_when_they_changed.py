import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models
from django.db.models.functions import Now

import core.database.updated_at


class Migration(migrations.Migration):
    dependencies = [
        ("imports", "0001_initial"),
    ]

    operations = [
        # A default that is the same for all rows is not written into them; later ones get the clock.
        *(
            migrations.AddField(
                model_name=name,
                name="updated_at",
                field=models.DateTimeField(db_default=Now(), editable=False),
            )
            for name in ("import",)
        ),
        *(
            migrations.AlterField(
                model_name=name,
                name="updated_at",
                field=models.DateTimeField(
                    db_default=core.database.updated_at.WriteTime(), editable=False
                ),
            )
            for name in ("import",)
        ),
        migrations.AddIndex(
            model_name="import",
            index=models.Index(fields=["updated_at", "id"], name="import_updated"),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="import",
            trigger=pgtrigger.compiler.Trigger(
                name="updated_at_moves",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func="NEW.updated_at = clock_timestamp(); RETURN NEW;",
                    hash="a6472b473836c769d7ea94ebd0cf08b637beab35",
                    operation="UPDATE",
                    pgid="pgtrigger_updated_at_moves_ec47e",
                    table="imports_import",
                    when="BEFORE",
                ),
            ),
        ),
    ]
