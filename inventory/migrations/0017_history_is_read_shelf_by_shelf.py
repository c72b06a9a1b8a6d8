from django.db import migrations

# The ids of the next movements of a shelf after one of them. Forbidden to sort, as the guard of the
# balances is: beside partitions that hold little or nothing yet, PostgreSQL would rather read a
# shelf's whole history and sort it than walk the index and stop.
FUNCTION = """
CREATE FUNCTION inventory_next_movements(sku bigint, location bigint, after bigint, count bigint)
RETURNS SETOF bigint LANGUAGE plpgsql STABLE SET enable_sort = off AS $$
BEGIN
    RETURN QUERY SELECT m.id FROM inventory_stockmovement m
    WHERE m.sku_id = sku AND m.location_id = location AND m.id > after ORDER BY m.id LIMIT count;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("inventory", "0016_guard_looks_at_many_at_once")]

    operations = [
        migrations.RunSQL(
            FUNCTION, "DROP FUNCTION inventory_next_movements(bigint, bigint, bigint, bigint)"
        ),
    ]
