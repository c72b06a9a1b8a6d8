from django.db import migrations, models

# Where a clock was ahead, the next movements of a row follow its newest. Movements that are in the
# ledger by now are from before that rule: their times may go back, and a law of the nightly check
# begins after them.
DATED_FROM = """
UPDATE inventory_stock s SET moved_at = m.newest
FROM (SELECT sku_id, location_id, max(recorded_at) AS newest FROM inventory_stockmovement
      WHERE recorded_at > clock_timestamp() GROUP BY sku_id, location_id) AS m
WHERE s.sku_id = m.sku_id AND s.location_id = m.location_id;

DO $$ BEGIN
    EXECUTE format(
        'CREATE FUNCTION inventory_dated_from() RETURNS bigint LANGUAGE sql IMMUTABLE AS %L',
        (SELECT format('SELECT %s::bigint', CASE WHEN is_called THEN last_value ELSE 0 END)
         FROM inventory_stockmovement_id_seq));
END $$;
"""

# As 0008 made it, but now is after all movements, also those that are dated ahead of the clock. Set
# back by two hours, it answered for now with what there was before them. A client has a clock
# of its own: five minutes are accepted as its error.
FIRST_AFTER = """
CREATE OR REPLACE FUNCTION
    inventory_first_movement_after(sku bigint, location bigint, moment timestamptz)
RETURNS bigint LANGUAGE plpgsql STABLE SET enable_sort = off AS $$
DECLARE
    low bigint := 0;  -- none up to here was recorded later
    high bigint;      -- all from here on were
    past bigint;      -- one past the newest
    recorded timestamptz;  -- when `high` was
    middle bigint;
    probe record;
BEGIN
    SELECT m.id + 1 INTO past FROM inventory_stockmovement m
    WHERE m.sku_id = sku AND m.location_id = location ORDER BY m.id DESC LIMIT 1;
    high := past;
    WHILE high - low > 1 LOOP
        middle := low + (high - low) / 2;
        SELECT m.id, m.recorded_at INTO probe FROM inventory_stockmovement m
        WHERE m.sku_id = sku AND m.location_id = location AND m.id > low AND m.id <= middle
        ORDER BY m.id DESC LIMIT 1;
        IF probe.id IS NULL OR probe.recorded_at <= moment THEN
            low := middle;
        ELSE
            high := probe.id;
            recorded := probe.recorded_at;
        END IF;
    END LOOP;
    IF recorded > clock_timestamp() AND moment > clock_timestamp() - interval '5 minutes' THEN
        RETURN past;
    END IF;
    RETURN high;
END $$;
"""
FIRST_AFTER_BEFORE = """
CREATE OR REPLACE FUNCTION
    inventory_first_movement_after(sku bigint, location bigint, moment timestamptz)
RETURNS bigint LANGUAGE plpgsql STABLE SET enable_sort = off AS $$
DECLARE
    low bigint := 0;
    high bigint;
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
    dependencies = [("inventory", "0024_ledger_has_a_default_partition")]

    operations = [
        # Empty for a row that has not moved since: no rewrite of the table.
        migrations.AddField(
            model_name="stock",
            name="moved_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.RunSQL(DATED_FROM, "DROP FUNCTION inventory_dated_from()"),
        migrations.RunSQL(FIRST_AFTER, FIRST_AFTER_BEFORE),
    ]
