"""Name carts in reservations and in the ledger by our id: the shop's reference is its customer's.

The one time that movements are changed: units, times and reasons stay. Where one reference stood for several carts on a shelf, the newest stands for all.
"""

from django.db import migrations

NAME = """
UPDATE inventory_reservation SET reference = 'reservations/' || group_id
WHERE group_id IS NOT NULL AND reference <> 'reservations/' || group_id;

CREATE TEMPORARY TABLE carts ON COMMIT DROP AS
    SELECT DISTINCT ON (g.reference, r.sku_id, r.location_id)
           g.reference, r.sku_id, r.location_id, r.reference AS name
    FROM inventory_reservation r JOIN inventory_reservationgroup g ON g.id = r.group_id
    ORDER BY g.reference, r.sku_id, r.location_id, r.id DESC;
ALTER TABLE inventory_stockmovement DISABLE TRIGGER USER;
UPDATE inventory_stockmovement m SET reference = c.name
FROM carts c
WHERE m.reference = c.reference AND m.sku_id = c.sku_id AND m.location_id = c.location_id
  AND m.reason IN ('reserved', 'released', 'expired', 'broken');
ALTER TABLE inventory_stockmovement ENABLE TRIGGER USER;
"""


class Migration(migrations.Migration):
    dependencies = [("inventory", "0034_scans_hold_no_passes")]

    operations = [migrations.RunSQL(NAME, migrations.RunSQL.noop)]
