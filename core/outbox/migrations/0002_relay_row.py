"""Lay the row that counts sequence numbers: relays take turns on its lock."""

from django.db import migrations

LAY = """
INSERT INTO outbox_relay (id, last_sequence)
SELECT 1, coalesce(max(sequence), 0) FROM outbox_event
ON CONFLICT (id) DO NOTHING
"""


class Migration(migrations.Migration):
    dependencies = [("outbox", "0001_initial")]

    operations = [migrations.RunSQL(LAY, migrations.RunSQL.noop)]
