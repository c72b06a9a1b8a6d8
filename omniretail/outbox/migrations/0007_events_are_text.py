from django.db import migrations

import omniretail.document_field


class Migration(migrations.Migration):
    dependencies = [("outbox", "0006_cheaper_events")]

    operations = [
        migrations.AlterField(
            model_name="event",
            name="data",
            field=omniretail.document_field.DocumentField(),
        ),
        # A new type forgets how the column was stored: see 0005.
        migrations.RunSQL(
            "ALTER TABLE outbox_event ALTER data SET STORAGE EXTERNAL",
            "ALTER TABLE outbox_event ALTER data SET STORAGE EXTENDED",
        ),
    ]
