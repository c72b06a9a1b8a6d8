from django.db import migrations

import core.database.fields


class Migration(migrations.Migration):
    dependencies = [("outbox", "0006_cheaper_events")]

    operations = [
        migrations.AlterField(
            model_name="event",
            name="data",
            field=core.database.fields.DocumentField(),
        ),
        # A new type forgets how the column was stored: see 0005.
        migrations.RunSQL(
            "ALTER TABLE outbox_event ALTER data SET STORAGE EXTERNAL",
            "ALTER TABLE outbox_event ALTER data SET STORAGE EXTENDED",
        ),
    ]
