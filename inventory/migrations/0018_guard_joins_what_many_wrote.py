from importlib import import_module

from django.db import migrations

before = import_module("inventory.migrations.0016_guard_looks_at_many_at_once")

# As 0016 left it, but a statement of many rows is joined with the newest movements: 0.5 us a row,
# where grouping these took 2.7. The join must be told to hash, because the planner takes a ledger
# that grew since it was analysed for empty. A row is explained where every movement of it among
# those says what it says; beyond as many as rows there is room for what others wrote meanwhile.
FUNCTION = """
CREATE OR REPLACE FUNCTION inventory_balance_follows_ledger() RETURNS trigger LANGUAGE plpgsql
SET enable_sort = off AS $$
DECLARE
    newest bigint := (SELECT last_value FROM inventory_stockmovement_id_seq);
    earliest bigint := newest - 5000000;
    changed bigint := (SELECT count(*) FROM later);
    explained boolean;
BEGIN
    IF changed > 1000 THEN
        PERFORM set_config('enable_nestloop', 'off', true),
                set_config('enable_mergejoin', 'off', true);
        explained := NOT EXISTS (
            SELECT 1 FROM later AS n
            LEFT JOIN (SELECT * FROM inventory_stockmovement
                       WHERE id BETWEEN newest - changed - changed / 8 AND newest) AS m
                ON m.sku_id = n.sku_id AND m.location_id = n.location_id
            WHERE (m.on_hand_after = n.on_hand AND m.reserved_after = n.reserved
                   AND m.unavailable_after = n.unavailable) IS NOT TRUE);
        PERFORM set_config('enable_nestloop', 'on', true),
                set_config('enable_mergejoin', 'on', true);
        IF explained THEN
            RETURN NULL;
        END IF;
    END IF;
    IF EXISTS (
        SELECT 1
        FROM later AS n JOIN earlier AS b USING (id)
        WHERE (n.on_hand, n.reserved, n.unavailable, n.sku_id, n.location_id)
              IS DISTINCT FROM (b.on_hand, b.reserved, b.unavailable, b.sku_id, b.location_id)
          AND (n.on_hand, n.reserved, n.unavailable) IS DISTINCT FROM (
              SELECT (m.on_hand_after, m.reserved_after, m.unavailable_after)
              FROM inventory_stockmovement m
              WHERE m.sku_id = n.sku_id AND m.location_id = n.location_id
                AND m.id BETWEEN earliest AND newest
              ORDER BY m.id DESC LIMIT 1)
    ) THEN
        RAISE EXCEPTION 'a balance changes only with its movement in the ledger';
    END IF;
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("inventory", "0017_history_is_read_shelf_by_shelf")]

    operations = [migrations.RunSQL(FUNCTION, before.FUNCTION.format(many=1000))]
