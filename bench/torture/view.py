"""What the service has: rows read at one moment, or through the API's lists."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import psycopg
from service import Service

Pair = tuple[str, str]


@dataclass(frozen=True)
class View:
    """Balances (on_hand, reserved, unavailable) by row, and orders as the API shows them."""

    stock: dict[Pair, tuple[int, int, int]]
    orders: list[dict[str, Any]]


@dataclass(frozen=True)
class Records:
    """Rows that no list of the API shows, read in the transaction of the view beside them."""

    on_hand: Counter[tuple[str, Pair]]  # sums of the ledger by reference and row
    broken_chains: list[str]
    counted: list[tuple[str, Pair, int, int]]  # import, row, delta, after
    found: Counter[tuple[str, Pair]]  # what tills sold beyond the record, by order and row
    imports: dict[str, dict[str, Any]]
    reserved: list[tuple[str, Pair, int, str]]  # owner, row, units, state
    carts: dict[str, str]  # reference -> id
    scans: Counter[str]  # accepted units by pick list line
    overdue_holds: int  # seconds that the oldest one is too late


def view_of_api(service: Service) -> View:
    stock = {
        (row["sku"], row["location"]): (row["on_hand"], row["reserved"], row["unavailable"])
        for row in service.pages("stock", "read stock")
    }
    return View(stock, list(service.pages("orders", "read orders")))


def view_of_rows(connection: psycopg.Connection) -> tuple[View, Records]:
    """Read everything as it was at one moment."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")

        def rows(statement: str) -> list[Any]:
            return connection.execute(statement).fetchall()

        view = View(
            {
                (sku, place): (on_hand, reserved, unavailable)
                for sku, place, on_hand, reserved, unavailable in rows(_STOCK)
            },
            [document for (document,) in rows(_ORDERS)],
        )
        on_hand: Counter[tuple[str, Pair]] = Counter()
        for reference, sku, place, units in rows(_LEDGER):
            on_hand[reference, (sku, place)] = units
        records = Records(
            on_hand=on_hand,
            broken_chains=[str(row) for row in rows(_CHAINS)],
            counted=[(name, (sku, place), delta, after)
                     for name, sku, place, delta, after in rows(_COUNTED)],
            found=Counter({(name, (sku, place)): units
                           for name, sku, place, units in rows(_FOUND)}),
            imports={row["id"]: row for (row,) in rows(_IMPORTS)},
            reserved=[(owner, (sku, place), units, state)
                      for owner, sku, place, units, state in rows(_RESERVED)],
            carts=dict(rows(_CARTS)),
            scans=Counter(dict(rows(_SCANS))),
            overdue_holds=rows(_OVERDUE)[0][0],
        )  # fmt: skip
    return view, records


_STOCK = """
SELECT k.code, l.code, s.on_hand, s.reserved, s.unavailable
FROM inventory_stock s JOIN inventory_sku k ON k.id = s.sku_id
JOIN stores_location l ON l.id = s.location_id
"""
_LEDGER = """
SELECT m.reference, k.code, l.code, sum(m.on_hand_delta)::int
FROM inventory_stockmovement m JOIN inventory_sku k ON k.id = m.sku_id
JOIN stores_location l ON l.id = m.location_id
WHERE m.on_hand_delta <> 0 GROUP BY 1, 2, 3
"""
_CHAINS = """
SELECT k.code, l.code, c.id, c.reason, c.reference FROM (
    SELECT *, lag(on_hand_after, 1, 0) OVER w AS had, lag(reserved_after, 1, 0) OVER w AS promised,
           lag(unavailable_after, 1, 0) OVER w AS apart
    FROM inventory_stockmovement WINDOW w AS (PARTITION BY sku_id, location_id ORDER BY id)
) c JOIN inventory_sku k ON k.id = c.sku_id JOIN stores_location l ON l.id = c.location_id
WHERE had + on_hand_delta <> on_hand_after OR promised + reserved_delta <> reserved_after
   OR apart + unavailable_delta <> unavailable_after
ORDER BY c.id LIMIT 20
"""
_COUNTED = """
SELECT m.reference, k.code, l.code, m.on_hand_delta, m.on_hand_after
FROM inventory_stockmovement m JOIN inventory_sku k ON k.id = m.sku_id
JOIN stores_location l ON l.id = m.location_id
WHERE m.reference LIKE 'imports/%' AND m.on_hand_delta <> 0
"""
_FOUND = """
SELECT m.reference, k.code, l.code, sum(m.on_hand_delta)::int
FROM inventory_stockmovement m JOIN inventory_sku k ON k.id = m.sku_id
JOIN stores_location l ON l.id = m.location_id
WHERE m.reason = 'unrecorded' GROUP BY 1, 2, 3
"""
_IMPORTS = """
SELECT json_build_object('id', id::text, 'state', state, 'total', rows_total, 'done', rows_done,
                         'failed', rows_failed, 'changed', rows_changed, 'failure', failure)
FROM imports_import
"""
_RESERVED = """
SELECT coalesce(g.id::text, f.code, 'none: ' || r.reference), k.code, l.code, r.quantity, r.state
FROM inventory_reservation r JOIN inventory_sku k ON k.id = r.sku_id
JOIN stores_location l ON l.id = r.location_id
LEFT JOIN inventory_reservationgroup g ON g.id = r.group_id
LEFT JOIN orders_fulfilmentline w ON w.reservation_id = r.id
LEFT JOIN orders_fulfilment f ON f.id = w.fulfilment_id
WHERE r.state IN ('held', 'confirmed')
"""
# Those of an erased customer have lost their reference.
_CARTS = (
    "SELECT coalesce(nullif(reference, ''), id::text), id::text FROM inventory_reservationgroup"
)
_SCANS = """
SELECT line_id::text, sum(quantity)::int FROM orders_scan WHERE verdict = 'accepted' GROUP BY 1
"""
_OVERDUE = """
SELECT coalesce(max(extract(epoch FROM statement_timestamp() - expires_at)), 0)::int
FROM inventory_reservation WHERE state = 'held'
"""
_ORDERS = """
SELECT json_build_object(
    'number', o.number, 'channel', c.code, 'external_id', o.external_id,
    'customer_id', o.customer_id::text, 'ship_to', o.ship_to, 'note', o.note,
    'lines', (SELECT json_agg(json_build_object(
            'line_id', n.line_id, 'sku', k.code, 'ordered', n.ordered, 'cancelled', n.cancelled,
            'reserved', n.reserved, 'backordered', n.backordered, 'fulfilled', n.fulfilled,
            'returned', n.returned) ORDER BY n.id)
        FROM orders_orderline n JOIN inventory_sku k ON k.id = n.sku_id WHERE n.order_id = o.id),
    'fulfilments', (SELECT coalesce(json_agg(json_build_object(
            'id', f.code, 'type', f.type, 'state', f.state, 'location', a.code,
            'source', b.code, 'lines', (SELECT json_agg(json_build_object(
                    'line_id', n.line_id, 'sku', k.code, 'quantity', w.quantity,
                    'picked', w.picked, 'arrived', w.arrived, 'fulfilled', w.fulfilled))
                FROM orders_fulfilmentline w JOIN orders_orderline n ON n.id = w.order_line_id
                JOIN inventory_sku k ON k.id = n.sku_id WHERE w.fulfilment_id = f.id),
            'to_put_back', (SELECT coalesce(json_agg(json_build_object(
                    'sku', k.code, 'location', p.code, 'quantity', u.quantity)), '[]')
                FROM orders_unitstoputback u JOIN inventory_sku k ON k.id = u.sku_id
                JOIN stores_location p ON p.id = u.location_id
                WHERE u.fulfilment_id = f.id))), '[]')
        FROM orders_fulfilment f JOIN stores_location a ON a.id = f.location_id
        LEFT JOIN stores_location b ON b.id = f.source_id WHERE f.order_id = o.id))
FROM orders_order o JOIN stores_channel c ON c.id = o.channel_id
"""
