"""Counting very many rows at once: the same rules as posting, one statement, fewer events."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection

from inventory.ledger.bulk import MORE, NEXT_MOVED_AT, WRITTEN, CountContext, Figures
from inventory.queries.counting.since import PAST, since_query


@dataclass(frozen=True, slots=True)
class CountedRows:
    """The result of `count_rows`: how many rows it changed, and those it left to the caller.

    `more` are those of the given SKUs of which more can be promised than before.
    """

    changed: int
    more: frozenset[int]
    left: list[tuple[int, int]]


_MISSING = """
SELECT sku_id, location_id FROM ({figures}) AS f
WHERE NOT EXISTS (SELECT 1 FROM inventory_stock s
                  WHERE s.sku_id = f.sku_id AND s.location_id = f.location_id)
"""
_OPEN = """
INSERT INTO inventory_stock (sku_id, location_id)
{missing} ORDER BY 1, 2 ON CONFLICT DO NOTHING
"""

# Each figure's row, looked up one by one (OFFSET 0): without statistics on the rows
# that a first file opened, the planner joined each of them with all figures.
_ROWS = """
({figures}) AS f CROSS JOIN LATERAL (
    SELECT r.*, r.ctid AS place FROM inventory_stock r
    WHERE r.sku_id = f.sku_id AND r.location_id = f.location_id OFFSET 0) AS s
"""

_LOCK = f"""
SELECT count(*) FROM (
    SELECT 1 FROM inventory_stock WHERE id IN (
        SELECT s.id FROM {_ROWS}
        UNION ALL SELECT id FROM inventory_stock WHERE sku_id = ANY(%(skus)s::bigint[])
        UNION ALL SELECT r.id FROM ({{missing}}) AS m CROSS JOIN LATERAL (
            SELECT id FROM inventory_stock r WHERE r.sku_id = m.sku_id OFFSET 0) AS r)
    ORDER BY sku_id, location_id FOR UPDATE) AS locked
"""

# What a count of `as_of` must add for later movements, and whether a later count exists.
_DATED = "(SELECT sku_id, location_id, as_of AS at FROM ({figures}) AS f WHERE as_of IS NOT NULL)"
_SINCE = f"""LEFT JOIN ({since_query(_DATED)}) AS since
    ON since.sku_id = f.sku_id AND since.location_id = f.location_id"""
_NOT_SUPERSEDED = "AND since.counted IS NOT TRUE"
_REBASED = "greatest(0, f.on_hand::bigint + coalesce(since.on_hand, 0))"

# Rows are found again by their place in the table, one after the other, so that the UPDATE takes
# the locks in (SKU, location) order without a lock of its own before it, which took 0.8 us a row.
# A row that was changed in between has another version (its place is not compared again in
# every release of PostgreSQL): it is not changed, but left to the caller, with those where
# reservations would break or something is unavailable, which one statement cannot settle.
_COUNT = f"""
WITH counted AS MATERIALIZED (
    SELECT s.place, s.version, s.sku_id, s.location_id, s.on_hand AS before, {{now}} AS now,
           f.as_of,
           s.unavailable > 0 OR {{now}} NOT BETWEEN s.reserved AND 2147483647 AS is_left
    FROM {_ROWS} {{since}}
    WHERE s.on_hand <> {{now}} {{not_superseded}} OR s.unavailable > 0
    ORDER BY s.sku_id, s.location_id
), changed AS (
    UPDATE inventory_stock s
    SET on_hand = c.now, version = s.version + 1, moved_at = {NEXT_MOVED_AT}
    FROM counted c
    WHERE s.ctid = c.place AND s.version = c.version AND NOT c.is_left AND c.now <> c.before
    RETURNING s.sku_id, s.location_id, s.on_hand, s.reserved, s.unavailable, s.safety_stock,
              s.version, s.moved_at, c.before, c.as_of
), {WRITTEN}
SELECT (SELECT count(*) FROM changed), {MORE},
       (SELECT array_agg(ARRAY[sku_id, location_id] ORDER BY sku_id, location_id) FROM (
            SELECT sku_id, location_id FROM counted WHERE is_left OR now <> before
            EXCEPT SELECT sku_id, location_id FROM changed) AS rest)
"""

# A figure with a time supersedes older ones, also where it agrees and moves nothing; one of now
# also those whose time is yet to come, which a clock that was ahead gave them.
_NOTE = f"""
INSERT INTO inventory_lastcount (sku_id, location_id, at, counted, source, reference, actor)
SELECT sku_id, location_id, as_of, on_hand, 'import', %(reference)s, %(actor)s
FROM ({{figures}}) AS f WHERE as_of IS NOT NULL
ORDER BY 1, 2
ON CONFLICT (sku_id, location_id) DO UPDATE
SET at = excluded.at, counted = excluded.counted, source = excluded.source,
    reference = excluded.reference, actor = excluded.actor
WHERE inventory_lastcount.at <= excluded.at
   OR inventory_lastcount.at > statement_timestamp() AND NOT {PAST.format("excluded.at")}
"""


def preview_query(figures: str, *, dated: bool) -> str:
    """Return a query of line, sku_id, location_id, before and now: what `count_rows` would
    change by these figures, and where no Stock row is opened yet."""
    return f"""
        SELECT f.line, f.sku_id, f.location_id, coalesce(s.on_hand, 0) AS before,
               {_REBASED if dated else "f.on_hand"} AS now
        FROM ({figures}) AS f LEFT JOIN inventory_stock s USING (sku_id, location_id)
        {_SINCE.format(figures=figures) if dated else ""}
        WHERE coalesce(s.on_hand, 0) <> {_REBASED if dated else "f.on_hand"}
        {_NOT_SUPERSEDED if dated else ""}"""


def open_and_lock_figures(figures: Figures, *, skus: Collection[int] = ()) -> None:
    """Lock the Stock rows of figures, with all rows of `skus`, in order, and open those that are
    missing: of their SKUs all rows are locked before, as in `open_rows`."""
    missing = _MISSING.format(figures=figures.query)
    with connection.cursor() as cursor:
        cursor.execute(_LOCK.format(figures=figures.query, missing=missing), {"skus": list(skus)})
        cursor.execute(_OPEN.format(missing=missing))


def count_rows(
    figures: Figures,
    context: CountContext,
    *,
    dated: bool,
) -> CountedRows:
    """Correct `on_hand` to figures, with a movement for each row that differed.

    Rows that agree are not changed. `dated`: figures have an `as_of`, and later movements stay;
    a later count supersedes them. All rows must be locked by now, by `open_and_lock_figures`: what
    moved is not seen where it was committed after this began, and rows are locked in one order.
    Rows on which reservations would break or units are unavailable come back in `left` untouched:
    count them by `inventory.commands.counting.count.count_among_locked`.

    Publishes `stock.imported` events, each of one location.
    """
    statement = _COUNT.format(
        figures=figures.query,
        now=_REBASED if dated else "f.on_hand",
        since=_SINCE.format(figures=figures.query) if dated else "",
        not_superseded=_NOT_SUPERSEDED if dated else "",
    )
    parameters = context.parameters
    with connection.cursor() as cursor:
        # By the place of each row, without reading the whole table to find these places.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL work_mem = '32MB'")
        cursor.execute(statement, parameters)
        changed, more, left = cursor.fetchone()
        cursor.execute("SET LOCAL enable_seqscan = on")
        if dated:
            cursor.execute(_NOTE.format(figures=figures.query), parameters)
    return CountedRows(
        changed, frozenset(more or ()), [(sku, location) for sku, location in left or ()]
    )
