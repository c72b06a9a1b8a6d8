from django.db import migrations

# A movement whose id no other partition holds is written to the default one: goods are sold on.
# Its rows never move. Once a partition for them is added, the default partition becomes that one,
# for all ranges from its first row to its last, and an empty one takes its place.
DEFAULT = """
CREATE TABLE inventory_stockmovement_default PARTITION OF inventory_stockmovement DEFAULT;
SELECT inventory_guard_ledger_partition('inventory_stockmovement_default');

-- The partitions with a range of ids: [first, beyond).
CREATE FUNCTION inventory_ledger_partitions()
RETURNS TABLE (name name, first bigint, beyond bigint) LANGUAGE sql STABLE AS $$
    SELECT c.relname, bound[1]::bigint, bound[2]::bigint
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    CROSS JOIN LATERAL regexp_match(
        pg_get_expr(c.relpartbound, c.oid), 'FROM \\(''(\\d+)''\\) TO \\(''(\\d+)''\\)') AS bound
    WHERE i.inhparent = 'inventory_stockmovement'::regclass AND bound IS NOT NULL
$$;

-- Partition n holds the ids [n * 5,000,000, (n + 1) * 5,000,000), or more where it was the default.
CREATE OR REPLACE FUNCTION inventory_add_ledger_partition(n bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    size constant bigint := 5000000;
    lowest bigint;
    highest bigint;
BEGIN
    IF EXISTS (SELECT FROM inventory_ledger_partitions() WHERE n * size >= first
                                                             AND n * size < beyond) THEN
        RETURN;
    END IF;
    IF EXISTS (SELECT FROM inventory_stockmovement_default) THEN
        LOCK TABLE inventory_stockmovement IN ACCESS EXCLUSIVE MODE;
        SELECT min(id) / size, max(id) / size INTO lowest, highest
        FROM inventory_stockmovement_default;
    END IF;
    IF n BETWEEN lowest AND highest THEN
        ALTER TABLE inventory_stockmovement DETACH PARTITION inventory_stockmovement_default;
        EXECUTE format('ALTER TABLE inventory_stockmovement_default RENAME TO %I',
                       'inventory_stockmovement_p' || lowest);
        EXECUTE format('ALTER TABLE inventory_stockmovement ATTACH PARTITION %I '
                       'FOR VALUES FROM (%s) TO (%s)',
                       'inventory_stockmovement_p' || lowest, lowest * size, (highest + 1) * size);
        CREATE TABLE inventory_stockmovement_default PARTITION OF inventory_stockmovement DEFAULT;
        PERFORM inventory_guard_ledger_partition('inventory_stockmovement_default');
    ELSE
        EXECUTE format('CREATE TABLE %I PARTITION OF inventory_stockmovement '
                       'FOR VALUES FROM (%s) TO (%s)',
                       'inventory_stockmovement_p' || n, n * size, (n + 1) * size);
        PERFORM inventory_guard_ledger_partition(format('inventory_stockmovement_p%s', n)::regclass);
    END IF;
END $$;
"""

# Only an empty one may go: its rows would go with it.
UNDO = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM inventory_stockmovement_default) THEN
        RAISE EXCEPTION 'the default partition of the ledger holds movements: add theirs first';
    END IF;
END $$;
DROP TABLE inventory_stockmovement_default;
CREATE OR REPLACE FUNCTION inventory_add_ledger_partition(n bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    name text := 'inventory_stockmovement_p' || n;
BEGIN
    IF to_regclass(name) IS NULL THEN
        EXECUTE format(
            'CREATE TABLE %s PARTITION OF inventory_stockmovement '
            'FOR VALUES FROM (%s) TO (%s)', name, n * 5000000, (n + 1) * 5000000);
        PERFORM inventory_guard_ledger_partition(name::regclass);
    END IF;
END $$;
DROP FUNCTION inventory_ledger_partitions();
"""


class Migration(migrations.Migration):
    dependencies = [("inventory", "0023_skus_whatever_the_case")]

    operations = [migrations.RunSQL(DEFAULT, UNDO)]
