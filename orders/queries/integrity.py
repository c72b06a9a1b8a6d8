"""The laws between orders and stock: every promise has its reservation, and no other exists."""

from __future__ import annotations

from inventory.queries.integrity import Law
from orders.models.fulfilment import UNFINISHED

_UNFINISHED = ", ".join(f"'{state}'" for state in UNFINISHED)

# Units of fulfilment lines that still have to leave, with those of them that are reserved, and
# where: until goods leave for a shop at their source, on the way nowhere, then in the shop.
_OUTSTANDING = f"""
    SELECT o.reservation_id, o.order_line_id, o.quantity - o.fulfilled AS units,
           CASE WHEN f.state = 'in_transit' THEN o.arrived
                ELSE o.quantity - o.fulfilled END AS reserved,
           CASE WHEN f.state IN ('open', 'picking', 'packed')
                THEN coalesce(f.source_id, f.location_id) ELSE f.location_id END AS location_id,
           f.code
    FROM orders_fulfilmentline o JOIN orders_fulfilment f ON f.id = o.fulfilment_id
    WHERE f.state IN ({_UNFINISHED}) AND o.quantity > o.fulfilled
"""

ORDER_LAWS = (
    Law(
        "what_must_leave_is_claimed",
        f"""SELECT coalesce(w.sku_id, r.sku_id), coalesce(w.location_id, r.location_id),
                   coalesce('fulfilment ' || w.code || ', line ' || w.line_id,
                            'reservation of ' || r.reference),
                   coalesce(w.reserved, 0)::bigint, coalesce(r.quantity, 0)::bigint
            FROM (
                SELECT o.*, l.sku_id, l.line_id
                FROM ({_OUTSTANDING}) o JOIN orders_orderline l ON l.id = o.order_line_id
            ) w
            FULL JOIN (
                SELECT id, sku_id, location_id, quantity, reference FROM inventory_reservation
                WHERE state = 'confirmed'
            ) r ON r.id = w.reservation_id AND r.sku_id = w.sku_id
               AND r.location_id = w.location_id
            WHERE coalesce(w.reserved, 0) <> coalesce(r.quantity, 0)""",
    ),
    Law(
        "line_reserves_what_must_leave",
        f"""SELECT l.sku_id, NULL::bigint, 'order ' || d.number || ', line ' || l.line_id,
                   coalesce(w.units, 0)::bigint, l.reserved::bigint
            FROM orders_orderline l JOIN orders_order d ON d.id = l.order_id
            LEFT JOIN (
                SELECT order_line_id, sum(units) AS units FROM ({_OUTSTANDING}) o
                GROUP BY order_line_id
            ) w ON w.order_line_id = l.id
            WHERE l.reserved <> coalesce(w.units, 0)""",
    ),
    Law(
        # A box that has not left equals its draft; units awaited in a shop are in transit.
        "journey_carries_what_is_awaited",
        """SELECT a.sku_id, a.location_id, 'fulfilment ' || a.code, a.units,
                  coalesce(sum(t.units), 0)
           FROM (
               SELECT f.code, f.location_id, f.transfer_id, f.state, l.sku_id,
                      sum(o.quantity::bigint - o.arrived) AS units
               FROM orders_fulfilment f
               JOIN orders_fulfilmentline o ON o.fulfilment_id = f.id
               JOIN orders_orderline l ON l.id = o.order_line_id
               WHERE f.source_id IS NOT NULL AND f.state IN ('packed', 'in_transit')
               GROUP BY f.id, l.sku_id
           ) a
           LEFT JOIN (
               SELECT l.transfer_id, l.sku_id, t.state,
                      l.quantity::bigint - l.received - l.lost AS units
               FROM inventory_transferline l JOIN inventory_transfer t ON t.id = l.transfer_id
           ) t ON t.transfer_id = a.transfer_id AND t.sku_id = a.sku_id
              AND t.state = CASE a.state WHEN 'packed' THEN 'draft' ELSE a.state END
           GROUP BY a.sku_id, a.location_id, a.code, a.state, a.units
           HAVING a.units > coalesce(sum(t.units), 0)
               OR (a.state = 'packed' AND a.units <> coalesce(sum(t.units), 0))""",
    ),
    Law(
        "line_fulfils_what_has_left",
        """SELECT l.sku_id, NULL::bigint, 'order ' || d.number || ', line ' || l.line_id,
                  coalesce(w.units, 0)::bigint, l.fulfilled::bigint
           FROM orders_orderline l JOIN orders_order d ON d.id = l.order_id
           LEFT JOIN (
               SELECT order_line_id, sum(fulfilled) AS units FROM orders_fulfilmentline
               WHERE fulfilled > 0 GROUP BY order_line_id
           ) w ON w.order_line_id = l.id
           WHERE l.fulfilled <> coalesce(w.units, 0)""",
    ),
    Law(
        "line_returns_what_came_back",
        """SELECT l.sku_id, NULL::bigint, 'order ' || d.number || ', line ' || l.line_id,
                  coalesce(w.units, 0)::bigint, l.returned::bigint
           FROM orders_orderline l JOIN orders_order d ON d.id = l.order_id
           LEFT JOIN (
               SELECT order_line_id, sum(received) AS units FROM orders_returnline
               WHERE order_line_id IS NOT NULL GROUP BY order_line_id
           ) w ON w.order_line_id = l.id
           WHERE l.returned <> coalesce(w.units, 0)""",
    ),
    Law(
        "line_units_are_conserved",
        """SELECT l.sku_id, NULL::bigint, 'order ' || d.number || ', line ' || l.line_id,
                  l.ordered::bigint,
                  l.cancelled::bigint + l.reserved + l.backordered + l.fulfilled
           FROM orders_orderline l JOIN orders_order d ON d.id = l.order_id
           WHERE l.ordered <> l.cancelled + l.reserved + l.backordered + l.fulfilled""",
    ),
    # Placing writes without foreign key constraints (see the models).
    Law(
        "line_has_its_order",
        """SELECT l.sku_id, NULL::bigint, 'order line ' || l.id, 1::bigint, 0::bigint
           FROM orders_orderline l
           WHERE NOT EXISTS (SELECT 1 FROM orders_order d WHERE d.id = l.order_id)""",
    ),
    Law(
        "fulfilment_has_its_order_and_lines",
        """SELECT NULL::bigint, f.location_id, 'fulfilment ' || f.code, 1::bigint, 0::bigint
           FROM orders_fulfilment f
           WHERE NOT EXISTS (SELECT 1 FROM orders_order d WHERE d.id = f.order_id)
              OR NOT EXISTS (SELECT 1 FROM orders_fulfilmentline o WHERE o.fulfilment_id = f.id)
           UNION ALL
           SELECT NULL, NULL, 'fulfilment line ' || o.id, 1, 0
           FROM orders_fulfilmentline o
           WHERE NOT EXISTS (SELECT 1 FROM orders_fulfilment f WHERE f.id = o.fulfilment_id)
              OR NOT EXISTS (SELECT 1 FROM orders_orderline l WHERE l.id = o.order_line_id)""",
    ),
)
