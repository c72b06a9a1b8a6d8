"""The ledger's guard against TRUNCATE stands on each of its partitions too."""

from django.db import migrations

# A trigger for statements is not inherited: a partition named by itself would be emptied.
GUARD = """
CREATE FUNCTION inventory_ledger_is_not_truncated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger cannot be truncated';
END $$;

CREATE FUNCTION inventory_guard_ledger_partition(partition regclass) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format(
        'CREATE TRIGGER ledger_is_not_truncated BEFORE TRUNCATE ON %s '
        'FOR EACH STATEMENT EXECUTE FUNCTION inventory_ledger_is_not_truncated()', partition);
END $$;

-- Partition n holds the ids [n * 5,000,000, (n + 1) * 5,000,000).
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

SELECT inventory_guard_ledger_partition(inhrelid::regclass)
FROM pg_inherits WHERE inhparent = 'inventory_stockmovement'::regclass;
"""

UNDO = """
CREATE OR REPLACE FUNCTION inventory_add_ledger_partition(n bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF to_regclass('inventory_stockmovement_p' || n) IS NULL THEN
        EXECUTE format(
            'CREATE TABLE inventory_stockmovement_p%s PARTITION OF inventory_stockmovement '
            'FOR VALUES FROM (%s) TO (%s)', n, n * 5000000, (n + 1) * 5000000);
    END IF;
END $$;
DROP FUNCTION inventory_guard_ledger_partition(regclass);
DROP FUNCTION inventory_ledger_is_not_truncated() CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("inventory", "0003_holds_know_their_order")]

    operations = [migrations.RunSQL(GUARD, UNDO)]
