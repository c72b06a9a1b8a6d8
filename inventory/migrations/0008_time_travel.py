"""The ledger dates movements as they are written, and is halved by that date."""

from django.db import migrations, models

import inventory.models.pool

FIRST_AFTER = """
-- The id of the first movement of a Stock row that was recorded after a moment; one past its newest
-- where none was, NULL where nothing ever moved. Within a row times follow ids, so the ids are
-- halved until the place is found: some twenty look-ups in the index (sku_id, location_id, id),
-- however long the history, and no index by time that every sale would have to write.
CREATE FUNCTION inventory_first_movement_after(sku bigint, location bigint, moment timestamptz)
RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE
    low bigint := 0;  -- none up to here was recorded later
    high bigint;      -- all from here on were
    middle bigint;
    probe record;
BEGIN
    SELECT m.id + 1 INTO high FROM inventory_stockmovement m
    WHERE m.sku_id = sku AND m.location_id = location ORDER BY m.id DESC LIMIT 1;
    WHILE high - low > 1 LOOP
        middle := low + (high - low) / 2;
        SELECT m.id, m.recorded_at INTO probe FROM inventory_stockmovement m
        WHERE m.sku_id = sku AND m.location_id = location AND m.id > low AND m.id <= middle
        ORDER BY m.id DESC LIMIT 1;
        IF probe.id IS NULL OR probe.recorded_at <= moment THEN
            low := middle;
        ELSE
            high := probe.id;
        END IF;
    END LOOP;
    RETURN high;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("inventory", "0007_guard_reads_the_recent_ledger")]

    operations = [
        migrations.AlterField(
            model_name="stockmovement",
            name="recorded_at",
            field=models.DateTimeField(db_default=inventory.models.pool.ClockTime()),
        ),
        migrations.RunSQL(
            FIRST_AFTER,
            "DROP FUNCTION inventory_first_movement_after(bigint, bigint, timestamptz)",
        ),
    ]
