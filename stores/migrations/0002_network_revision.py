"""Raise the network's revision whenever a location or a channel changes, through any door."""

from django.db import migrations

TRIGGERS = """
INSERT INTO stores_networkrevision (id, revision) VALUES (1, 1) ON CONFLICT DO NOTHING;

-- The time in microseconds: new with every change, and visible exactly when the change is.
-- A counter would start again when the table is emptied, and meet its own old numbers.
CREATE FUNCTION stores_raise_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO stores_networkrevision (id, revision)
    VALUES (1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)
    ON CONFLICT (id) DO UPDATE SET revision = EXCLUDED.revision;
    RETURN NULL;
END $$;

CREATE TRIGGER network_changed AFTER INSERT OR UPDATE OR DELETE ON stores_location
    FOR EACH STATEMENT EXECUTE FUNCTION stores_raise_revision();
CREATE TRIGGER network_changed AFTER INSERT OR UPDATE OR DELETE ON stores_channel
    FOR EACH STATEMENT EXECUTE FUNCTION stores_raise_revision();
CREATE TRIGGER network_changed AFTER INSERT OR UPDATE OR DELETE ON stores_channel_locations
    FOR EACH STATEMENT EXECUTE FUNCTION stores_raise_revision();
"""

UNDO = """
DROP FUNCTION stores_raise_revision() CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("stores", "0001_initial")]

    operations = [migrations.RunSQL(TRIGGERS, UNDO)]
