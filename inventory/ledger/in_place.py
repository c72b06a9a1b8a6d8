"""Counting rows that have not changed since their figures were compared with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from inventory.ledger.bulk import MORE, NEXT_MOVED_AT, WRITTEN, CountContext, Figures

# Each row is gone to by its place, in the order of the figures: so locks are taken in (SKU,
# location) order by the UPDATE itself, and no index is read (2 us a row). A place may have passed
# on to another row, or the row to another place: its id and `before` say that it is the one that
# was compared. In a CASE, which the planner can neither use to look the row up nor guess at: else
# it expects one row, and looks up the SKU of each for its events (0.9 us).
_COUNT = f"""
WITH changed AS (
    UPDATE inventory_stock s
    SET on_hand = f.on_hand, version = s.version + 1, moved_at = {NEXT_MOVED_AT}
    FROM ({{figures}}) AS f
    WHERE s.ctid = f.place
      AND CASE WHEN s.id = f.stock_id AND s.on_hand = f.before AND s.unavailable = 0
                    AND f.on_hand <> s.on_hand AND f.on_hand BETWEEN s.reserved AND 2147483647
               THEN true ELSE false END
    RETURNING s.sku_id, s.location_id, s.on_hand, s.reserved, s.unavailable, s.safety_stock,
              s.version, s.moved_at, f.before, f.as_of, f.figure
), {WRITTEN}, rest AS (
    SELECT (SELECT count(*) FROM ({{figures}}) AS f) - (SELECT count(*) FROM changed) AS figures
), settled AS (
    DELETE FROM {{table}} w USING changed c
    WHERE w.ctid = c.figure AND (SELECT figures FROM rest) > 0
)
SELECT (SELECT count(*) FROM changed), {MORE}, (SELECT figures FROM rest)
"""
# Every other plan for large tables is disabled; the small tables are still read whole and hashed.
_OTHER_WAYS = ("enable_seqscan", "enable_indexscan", "enable_bitmapscan")


@dataclass(frozen=True, slots=True)
class CountedInPlace:
    """How many rows were changed, how many figures are left, and the SKUs with more to promise.

    When any are left, those that were applied are no longer in the table of the figures.
    """

    changed: int
    left: int
    more: frozenset[int]


def count_in_place(figures: Figures, context: CountContext) -> CountedInPlace:
    """Correct `on_hand` where the Stock row is unchanged since its figure was compared.

    One statement, with a movement for each row, in the order of `figures`, which must be that of
    (SKU, location). What it leaves is for `count_rows`, in a transaction of its own: this one
    holds the locks of rows behind those that are left; only where it changed nothing, it holds
    none. Figures that were applied are deleted with it: applied again later, they would put back
    what was sold in between.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        _let(cursor, "off")
        cursor.execute(
            _COUNT.format(figures=figures.query, table=figures.table), context.parameters
        )
        changed, more, left = cursor.fetchone()
        _let(cursor, "on")
        # A row that was waited for and then left is locked still.
        transaction.set_rollback(not changed and left > 0)
    return CountedInPlace(changed, left, frozenset(more or ()))


def _let(cursor: Any, state: str) -> None:
    settings = ", ".join(f"set_config('{name}', '{state}', true)" for name in _OTHER_WAYS)
    cursor.execute(f"SELECT {settings}")
