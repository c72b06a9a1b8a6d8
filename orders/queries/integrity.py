"""What orders and the stock pool must say alike: every promise has its claim, and no other."""

from __future__ import annotations

from inventory.queries.integrity import Law
from orders.models.fulfilment import UNFINISHED

_UNFINISHED = ", ".join(f"'{state}'" for state in UNFINISHED)

# Units of fulfilment lines that still have to leave.
_OUTSTANDING = f"""
    SELECT o.reservation_id, o.order_line_id, o.quantity - o.fulfilled AS units,
           f.location_id, f.code
    FROM orders_fulfilmentline o JOIN orders_fulfilment f ON f.id = o.fulfilment_id
    WHERE f.state IN ({_UNFINISHED}) AND o.quantity > o.fulfilled
"""

ORDER_LAWS = (
    Law(
        "what_must_leave_is_claimed",
        f"""SELECT coalesce(w.sku_id, r.sku_id), coalesce(w.location_id, r.location_id),
                   coalesce('fulfilment ' || w.code || ', line ' || w.line_id,
                            'claim of ' || r.reference),
                   coalesce(w.units, 0)::bigint, coalesce(r.quantity, 0)::bigint
            FROM (
                SELECT o.*, l.sku_id, l.line_id
                FROM ({_OUTSTANDING}) o JOIN orders_orderline l ON l.id = o.order_line_id
            ) w
            FULL JOIN (
                SELECT id, sku_id, location_id, quantity, reference FROM inventory_reservation
                WHERE state = 'confirmed'
            ) r ON r.id = w.reservation_id AND r.sku_id = w.sku_id
               AND r.location_id = w.location_id
            WHERE coalesce(w.units, 0) <> coalesce(r.quantity, 0)""",
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
)
