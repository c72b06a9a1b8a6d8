"""The Stock rows themselves: opening them, locking them in the one order, their safety stock."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django.db import connection

from inventory.ledger.posting import TELL
from inventory.ledger.shapes import ACTOR_LENGTH, Balance

Pair = tuple[int, int]  # (sku_id, location_id)

_SET_SAFETY_STOCK = f"""
WITH changed AS (
    UPDATE inventory_stock s SET safety_stock = n.units, version = s.version + 1
    FROM unnest(%(sku)s::bigint[], %(location)s::bigint[], %(units)s::int[])
        AS n(sku_id, location_id, units)
    WHERE s.sku_id = n.sku_id AND s.location_id = n.location_id AND s.safety_stock <> n.units
    RETURNING s.sku_id, s.location_id, s.on_hand, s.reserved, s.unavailable, s.safety_stock,
              s.version
)
{TELL}
"""


def open_rows(pairs: Collection[Pair]) -> None:
    """Make the Stock rows of pairs that have none yet. Call it before locking any row."""
    if not pairs:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO inventory_stock (sku_id, location_id)
               SELECT DISTINCT sku_id, location_id
               FROM unnest(%s::bigint[], %s::bigint[]) AS t(sku_id, location_id)
               ORDER BY 1, 2 ON CONFLICT DO NOTHING""",
            [[sku for sku, _ in pairs], [location for _, location in pairs]],
        )


def lock_rows(pairs: Collection[Pair]) -> dict[Pair, Balance]:
    """Lock the Stock rows of these pairs in order; return their balances."""
    return _lock(
        "(s.sku_id, s.location_id) IN (SELECT * FROM unnest(%s::bigint[], %s::bigint[]))",
        [[sku for sku, _ in pairs], [location for _, location in pairs]],
    )


def lock_skus(sku_ids: Collection[int]) -> dict[Pair, Balance]:
    """Lock every Stock row of these SKUs in order; return their balances."""
    return _lock("s.sku_id = ANY(%s::bigint[])", [list(sku_ids)])


def open_and_lock(pairs: Collection[Pair], sku_ids: Collection[int]) -> None:
    """Open the Stock rows of pairs, then lock all rows of these SKUs.

    Who opens a row waits for another transaction that has just opened it, so no row may be locked
    by then.
    """
    open_rows(pairs)
    lock_skus(sku_ids)


def lock_rows_of_reservations(reservation_ids: Collection[int]) -> None:
    """Lock the Stock rows that these reservations bind, in order."""
    _lock(
        "(s.sku_id, s.location_id) IN"
        " (SELECT sku_id, location_id FROM inventory_reservation WHERE id = ANY(%s::bigint[]))",
        [list(reservation_ids)],
    )


def _lock(condition: str, parameters: list[Any]) -> dict[Pair, Balance]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT sku_id, location_id, on_hand, reserved, unavailable, version
                FROM inventory_stock s WHERE {condition}
                ORDER BY sku_id, location_id FOR UPDATE OF s""",
            parameters,
        )
        return {(row[0], row[1]): Balance(*row) for row in cursor.fetchall()}


def set_safety_stock(levels: Sequence[tuple[int, int, int]], *, actor: str) -> None:
    """Set (sku_id, location_id, units) that no channel may promise, one level a row.

    Not a balance, so no movement; `stock.changed` is published, because the units that can
    be sold have changed.
    """
    if not levels:
        return
    pairs = [(sku, location) for sku, location, _ in levels]
    open_rows(pairs)
    lock_rows(pairs)
    with connection.cursor() as cursor:
        cursor.execute(
            _SET_SAFETY_STOCK,
            {
                "sku": [sku for sku, _, _ in levels],
                "location": [location for _, location, _ in levels],
                "units": [units for _, _, units in levels],
                "actor": actor[:ACTOR_LENGTH],
            },
        )
