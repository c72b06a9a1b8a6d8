"""Tables as large as after years of orders, filled by statements: for query plans to matter."""

from __future__ import annotations

from django.db import connection

SKUS, PLACES, ORDERS = 2_500, 4, 10_000

FILL = (
    """INSERT INTO stores_channel (code, name, kind, all_locations, ships_without_address, version)
       VALUES ('web', 'Web', 'web', true, true, 1)""",
    """INSERT INTO stores_location
           (code, name, kind, timezone, latitude, longitude, address, ships, pickup, returns,
            same_day, priority, hours, exceptions, version)
       SELECT 'W' || n, 'W' || n, 'warehouse', 'Europe/London', 50 + n * 0.2, -2 + n * 0.1, '{}',
              true, true, true, false, 100, '{}', '{}', 1
       FROM generate_series(1, %(places)s) AS n""",
    """INSERT INTO inventory_sku (code, name, attributes, version)
       SELECT 'K' || n, 'Item', '{}', 1 FROM generate_series(1, %(skus)s) AS n""",
    """INSERT INTO inventory_stock (sku_id, location_id)
       SELECT k.id, l.id FROM inventory_sku k CROSS JOIN stores_location l ORDER BY 1, 2""",
    """INSERT INTO inventory_stockmovement
           (sku_id, location_id, on_hand_delta, reserved_delta, unavailable_delta, on_hand_after,
            reserved_after, unavailable_after, reason, reference, actor, occurred_at)
       SELECT sku_id, location_id, 1, 0, 0, 1, 0, 0, 'receipt', 'R' || id, 'x', now()
       FROM inventory_stock ORDER BY id""",
    """WITH changed AS (
           UPDATE inventory_stock SET on_hand = 100, version = 1 RETURNING sku_id, location_id)
       INSERT INTO inventory_stockmovement
           (sku_id, location_id, on_hand_delta, reserved_delta, unavailable_delta, on_hand_after,
            reserved_after, unavailable_after, reason, reference, actor, occurred_at)
       SELECT sku_id, location_id, 100, 0, 0, 100, 0, 0, 'opening_balance', 'o', 'x', now()
       FROM changed""",
    # One SKU that has moved very often.
    """INSERT INTO inventory_stockmovement
           (sku_id, location_id, on_hand_delta, reserved_delta, unavailable_delta, on_hand_after,
            reserved_after, unavailable_after, reason, reference, actor, occurred_at)
       SELECT k.id, l.id, 0, 0, 0, 100, 0, 0, 'reserved', 'M' || n, 'x', now()
       FROM inventory_sku k CROSS JOIN generate_series(1, %(orders)s) AS n
       JOIN stores_location l ON l.code = 'W' || (n %% %(places)s + 1)
       WHERE k.code = 'K9' ORDER BY n""",
    """INSERT INTO orders_customer (external_id, email, name, phone)
       SELECT CASE WHEN n %% 2 = 0 THEN 'X' || n END, 'c' || n || '@example.org', 'C',
              '+44 900 ' || lpad(n::text, 6, '0')
       FROM generate_series(1, %(orders)s / 2) AS n""",
    """INSERT INTO orders_order
           (id, number, channel_id, external_id, fingerprint, currency, customer_id,
            payment_reference, note, allow_split, allow_backorder, allow_partial, placed_at)
       SELECT nextval('orders_order_id_seq'), 'N' || n, c.id, 'E' || n, '', 'GBP', k.id, '', '',
              true, false, false, now() - (%(orders)s - n) * interval '1 minute'
       FROM generate_series(1, %(orders)s) AS n CROSS JOIN stores_channel c
       JOIN orders_customer k ON k.email = 'c' || (n + 1) / 2 || '@example.org' ORDER BY n""",
    """INSERT INTO orders_orderline
           (order_id, line_id, sku_id, product_reference, unit_price, fulfilment_type, ordered,
            cancelled, reserved, backordered, fulfilled, returned)
       SELECT o.id, '1', k.id, '', 1, 'ship', 1, 0, 0, 0, 1, 0 FROM orders_order o
       JOIN inventory_sku k ON k.code = 'K' || (o.id %% %(skus)s + 1) ORDER BY o.id""",
    """INSERT INTO inventory_reservation (sku_id, location_id, quantity, state, reference)
       SELECT k.sku_id, l.id, 1, 'consumed', 'N' FROM orders_orderline k
       JOIN stores_location l ON l.code = 'W' || (k.id %% %(places)s + 1) ORDER BY k.id""",
    """INSERT INTO orders_fulfilment
           (code, order_id, location_id, type, state, accepted_by, bay, carrier, tracking_number,
            wrong_codes, created_at, finished_at)
       SELECT o.number || '-1', o.id, l.id, 'ship', 'delivered', '', '', '', 'T' || o.id, 0,
              o.placed_at, now()
       FROM orders_order o JOIN stores_location l ON l.code = 'W' || (o.id %% %(places)s + 1)
       ORDER BY o.id""",
    """INSERT INTO orders_fulfilmentline (fulfilment_id, order_line_id, reservation_id, quantity)
       SELECT f.id, k.id, r.id, 1
       FROM (SELECT id, order_id, row_number() OVER (ORDER BY id) AS n FROM orders_fulfilment) f
       JOIN orders_orderline k ON k.order_id = f.order_id
       JOIN (SELECT id, row_number() OVER (ORDER BY id) AS n FROM inventory_reservation) r
           ON r.n = f.n ORDER BY f.id""",
    """INSERT INTO orders_sourcingreceipt (order_id, occasion, receipt, decided_at)
       SELECT id, 'placed', '{}', placed_at FROM orders_order ORDER BY id""",
    """INSERT INTO outbox_event (type, subject, "order", data)
       SELECT 'order.placed', 'orders/' || number, number, '{}' FROM orders_order ORDER BY id""",
    """INSERT INTO idempotency_storedanswer (owner, key, fingerprint, status, created_at)
       SELECT 'client:1', 'k' || n, '', 201, now() FROM generate_series(1, %(orders)s) AS n""",
    # A building that has done nothing yet, and the few orders that were cancelled or came back.
    """INSERT INTO stores_location
           (code, name, kind, timezone, latitude, longitude, address, ships, pickup, returns,
            same_day, priority, hours, exceptions, version)
       VALUES ('QUIET', 'Quiet', 'store', 'Europe/London', 50, -2, '{}', true, true, true, false,
               100, '{}', '{}', 1)""",
    """UPDATE orders_orderline SET fulfilled = 0, cancelled = 1
       WHERE order_id IN (SELECT id FROM orders_order WHERE id %% 1000 = 1)""",
    """UPDATE orders_orderline SET returned = 1
       WHERE order_id IN (SELECT id FROM orders_order WHERE id %% 1000 = 2)""",
    """UPDATE orders_fulfilment SET state = 'cancelled'
       WHERE order_id IN (SELECT id FROM orders_order WHERE id %% 1000 = 1)""",
    """INSERT INTO inventory_expecteddelivery
           (location_id, reference, supplier, expected_at, state, created_by, created_at)
       SELECT l.id, 'D' || n, 'S', now() - n * interval '1 hour',
              CASE WHEN n %% 500 = 0 THEN 'expected' ELSE 'received' END, 'x', now()
       FROM generate_series(1, %(orders)s / 2) AS n
       JOIN stores_location l ON l.code = 'W' || (n %% %(places)s + 1)""",
    """INSERT INTO inventory_expecteddeliveryline (delivery_id, sku_id, expected, received, damaged)
       SELECT d.id, k.id, 1, (d.state = 'received')::int, 0 FROM inventory_expecteddelivery d
       JOIN inventory_sku k ON k.code = 'K' || (d.id %% %(skus)s + 1)""",
    """INSERT INTO audit_auditrecord (actor, action, subject, data)
       SELECT 'staff ' || n %% 100, 'order.looked_at', 'orders/N' || n, '{}'
       FROM generate_series(1, %(orders)s) AS n""",
    """INSERT INTO inventory_drift
           (sku_id, location_id, source, reference, reported, expected, drift, as_of, actor,
            recorded_at)
       SELECT sku_id, location_id, 'count', '', 0, 1, -1, now(), 'x', now()
       FROM inventory_stock""",
    "ANALYZE",
)  # fmt: skip


def fill() -> None:
    with connection.cursor() as cursor:
        for text in FILL:
            cursor.execute(text, {"skus": SKUS, "places": PLACES, "orders": ORDERS})
