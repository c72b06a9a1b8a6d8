from django.db import migrations

# Of a box in transit what has arrived is reserved at the shop, in that box.
IN_HAND = """
UPDATE inventory_reservation r
SET grip = CASE WHEN f.state = 'picking' THEN 2 ELSE 3 END,
    in_hand = CASE WHEN f.state = 'picking' THEN l.picked ELSE r.quantity END
FROM orders_fulfilmentline l JOIN orders_fulfilment f ON f.id = l.fulfilment_id
WHERE r.id = l.reservation_id AND r.state = 'confirmed'
  AND (f.state IN ('packed', 'in_transit', 'ready') OR f.state = 'picking' AND l.picked > 0)
"""


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0011_changes_are_found_by_index"),
        ("inventory", "0026_reservations_know_how_sure_their_goods_are"),
    ]

    operations = [migrations.RunSQL(IN_HAND, migrations.RunSQL.noop)]
