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
    """Make the Stock rows of pairs that have none yet. Call it before locking any row.

    Where one is missing, all rows of these SKUs are locked first: who has locked all rows of a SKU
    would find another one later, behind those that it has locked.
    """
    if not _are_open(pairs):
        open_and_lock(pairs, ())


def _are_open(pairs: Collection[Pair]) -> bool:
    if not pairs:
        return True
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT NOT EXISTS (
                   SELECT FROM unnest(%s::bigint[], %s::bigint[]) AS t(sku_id, location_id)
                   WHERE NOT EXISTS (
                       SELECT FROM inventory_stock s
                       WHERE s.sku_id = t.sku_id AND s.location_id = t.location_id))""",
            _columns(pairs),
        )
        return bool(cursor.fetchone()[0])


def _open(pairs: Collection[Pair]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO inventory_stock (sku_id, location_id)
               SELECT DISTINCT sku_id, location_id
               FROM unnest(%s::bigint[], %s::bigint[]) AS t(sku_id, location_id)
               ORDER BY 1, 2 ON CONFLICT DO NOTHING""",
            _columns(pairs),
        )


def _columns(pairs: Collection[Pair]) -> list[list[int]]:
    return [[sku for sku, _ in pairs], [location for _, location in pairs]]


def lock_rows(pairs: Collection[Pair]) -> dict[Pair, Balance]:
    """Lock the Stock rows of these pairs in order; return their balances."""
    return _lock(
        "(s.sku_id, s.location_id) IN (SELECT * FROM unnest(%s::bigint[], %s::bigint[]))",
        _columns(pairs),
    )


def lock_skus(sku_ids: Collection[int]) -> dict[Pair, Balance]:
    """Lock every Stock row of these SKUs in order; return their balances."""
    return _lock("s.sku_id = ANY(%s::bigint[])", [list(sku_ids)])


def open_and_lock(pairs: Collection[Pair], sku_ids: Collection[int]) -> None:
    """Lock all rows of these SKUs and of those of pairs, and open the Stock rows of pairs."""
    locked = lock_skus({*sku_ids, *(sku for sku, _ in pairs)})
    if missing := set(pairs) - locked.keys():
        _open(missing)


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
