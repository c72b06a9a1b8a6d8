"""Law 1 in the database: no balance changes without its movement, through any door, SQL too."""

from django.db import migrations

# After each statement, because the ledger changes balances and writes movements in one; over all
# its rows at once, because a batch may change thousands. One look-up a row in the ledger's index.
TRIGGERS = """
CREATE FUNCTION inventory_balance_follows_ledger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1
        FROM later AS n JOIN earlier AS b USING (id)
        WHERE (n.on_hand, n.reserved, n.unavailable, n.sku_id, n.location_id)
              IS DISTINCT FROM (b.on_hand, b.reserved, b.unavailable, b.sku_id, b.location_id)
          AND (n.on_hand, n.reserved, n.unavailable) IS DISTINCT FROM (
              SELECT (m.on_hand_after, m.reserved_after, m.unavailable_after)
              FROM inventory_stockmovement m
              WHERE m.sku_id = n.sku_id AND m.location_id = n.location_id
              ORDER BY m.id DESC LIMIT 1)
    ) THEN
        RAISE EXCEPTION 'a balance changes only with its movement in the ledger';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION inventory_stock_row_is_empty() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM touched
        WHERE (on_hand, reserved, unavailable) IS DISTINCT FROM (0, 0, 0)
    ) THEN
        RAISE EXCEPTION 'a Stock row is opened and closed empty';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER balance_follows_ledger AFTER UPDATE ON inventory_stock
    REFERENCING OLD TABLE AS earlier NEW TABLE AS later
    FOR EACH STATEMENT EXECUTE FUNCTION inventory_balance_follows_ledger();
CREATE TRIGGER opened_empty AFTER INSERT ON inventory_stock
    REFERENCING NEW TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION inventory_stock_row_is_empty();
CREATE TRIGGER closed_empty AFTER DELETE ON inventory_stock
    REFERENCING OLD TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION inventory_stock_row_is_empty();
"""

UNDO = """
DROP FUNCTION inventory_balance_follows_ledger() CASCADE;
DROP FUNCTION inventory_stock_row_is_empty() CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("inventory", "0001_initial")]

    operations = [migrations.RunSQL(TRIGGERS, UNDO)]
