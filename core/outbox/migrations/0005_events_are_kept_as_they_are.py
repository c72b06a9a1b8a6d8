"""Keep long events uncompressed: an import told of a million rows, and packing what it told of
them cost as much as changing them."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("outbox", "0004_places_by_runs")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE outbox_event ALTER data SET STORAGE EXTERNAL",
            "ALTER TABLE outbox_event ALTER data SET STORAGE EXTENDED",
        ),
    ]
