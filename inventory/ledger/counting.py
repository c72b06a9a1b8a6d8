"""Counting very many rows at once: the same laws as posting, one statement, fewer events."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db import connection

from inventory.choices import Reason
from inventory.ledger.shapes import ACTOR_LENGTH
from inventory.queries.since import SINCE

SNAPSHOTS = 500  # Stock rows told of in one event


@dataclass(frozen=True, slots=True)
class Figures:
    """Where figures lie: a query of the columns sku_id, location_id, on_hand and as_of (NULL:
    now), at most one row a Stock row. It is code of this service, never text of a client."""

    query: str


@dataclass(frozen=True, slots=True)
class CountedRows:
    """What `count_rows` did: how many rows it changed, and those it left to the caller.

    `more` are the SKUs among those asked for of which more can be promised than before.
    """

    changed: int
    more: frozenset[int]
    left: list[tuple[int, int]]


_OPEN = """
INSERT INTO inventory_stock (sku_id, location_id)
SELECT sku_id, location_id FROM ({figures}) AS f
WHERE NOT EXISTS (SELECT 1 FROM inventory_stock s
                  WHERE s.sku_id = f.sku_id AND s.location_id = f.location_id)
ORDER BY 1, 2 ON CONFLICT DO NOTHING
"""

_LOCK = """
SELECT count(*) FROM (
    SELECT 1 FROM inventory_stock s
    WHERE (s.sku_id, s.location_id) IN (SELECT sku_id, location_id FROM ({figures}) AS f)
       OR s.sku_id = ANY(%(skus)s::bigint[])
    ORDER BY s.sku_id, s.location_id FOR UPDATE OF s) AS locked
"""

# What a count of `as_of` must add for what moved since, and whether somebody counted later.
_DATED = "(SELECT sku_id, location_id, as_of AS at FROM ({figures}) AS f WHERE as_of IS NOT NULL)"
_SINCE = f"LEFT JOIN ({SINCE.format(seen=_DATED)}) AS since USING (sku_id, location_id)"
_NOT_SUPERSEDED = "AND since.counted IS NOT TRUE"
_REBASED = "greatest(0, f.on_hand::bigint + coalesce(since.on_hand, 0))"

# `counted` takes the locks in (SKU, location) order, and sees the rows as they are under them.
# Rows where claims would break or something is unavailable need more thought than a statement.
_COUNT = """
WITH counted AS MATERIALIZED (
    SELECT s.id, s.sku_id, s.location_id, s.on_hand AS before, {now} AS now, f.as_of,
           s.unavailable > 0 OR {now} NOT BETWEEN s.reserved AND 2147483647 AS is_left
    FROM inventory_stock s JOIN ({figures}) AS f USING (sku_id, location_id) {since}
    WHERE s.on_hand <> {now} {not_superseded} OR s.unavailable > 0
    ORDER BY s.sku_id, s.location_id FOR UPDATE OF s
), changed AS (
    UPDATE inventory_stock s SET on_hand = c.now, version = s.version + 1
    FROM counted c WHERE s.id = c.id AND NOT c.is_left AND c.now <> c.before
    RETURNING s.sku_id, s.location_id, s.on_hand, s.reserved, s.unavailable, s.safety_stock,
              s.version, c.before, c.as_of
), moved AS (
    INSERT INTO inventory_stockmovement
        (sku_id, location_id, on_hand_delta, reserved_delta, unavailable_delta,
         on_hand_after, reserved_after, unavailable_after,
         reason, reference, actor, occurred_at)
    SELECT sku_id, location_id, on_hand - before, 0, 0, on_hand, reserved, unavailable,
           %(reason)s, %(reference)s, %(actor)s, coalesce(as_of, statement_timestamp())
    FROM changed
), told AS (
    INSERT INTO outbox_event (type, subject, actor, data)
    SELECT 'stock.imported', %(subject)s, %(actor)s,
           (%(head)s || to_json(location) || ', "rows": [' || string_agg(snapshot, ',') || ']}}'
           )::jsonb
    FROM (
        SELECT l.code AS location,
               (row_number() OVER (PARTITION BY c.location_id ORDER BY c.sku_id) - 1)
                   / {snapshots} AS part,
               -- Put together as text: the JSON functions took as long as the update itself.
               '{{"sku":' || k.name || ',"location":' || l.name || ',"on_hand":' || c.on_hand
               || ',"reserved":' || c.reserved || ',"unavailable":' || c.unavailable
               || ',"available":' || c.on_hand - c.reserved - c.unavailable
               || ',"safety_stock":' || c.safety_stock || ',"version":' || c.version || '}}'
               AS snapshot
        FROM changed c
        JOIN (SELECT id, to_json(code) AS name FROM inventory_sku) k ON k.id = c.sku_id
        JOIN (SELECT id, code, to_json(code) AS name FROM stores_location OFFSET 0) l
            ON l.id = c.location_id
    ) AS snapshots GROUP BY location, part
)
SELECT (SELECT count(*) FROM changed),
       (SELECT array_agg(DISTINCT sku_id) FROM changed
        WHERE on_hand > before AND sku_id = ANY(%(waiting)s::bigint[])),
       (SELECT array_agg(ARRAY[sku_id, location_id] ORDER BY sku_id, location_id)
        FROM counted WHERE is_left)
"""


# A figure with a moment stands against older ones, also where it agrees and moves nothing.
_NOTE = """
INSERT INTO inventory_lastcount (sku_id, location_id, at, counted, source, reference, actor)
SELECT sku_id, location_id, as_of, on_hand, 'import', %(reference)s, %(actor)s
FROM ({figures}) AS f WHERE as_of IS NOT NULL
ORDER BY 1, 2
ON CONFLICT (sku_id, location_id) DO UPDATE
SET at = excluded.at, counted = excluded.counted, source = excluded.source,
    reference = excluded.reference, actor = excluded.actor
WHERE inventory_lastcount.at <= excluded.at
"""


def preview_query(figures: str, *, dated: bool) -> str:
    """Return a query of line, sku_id, location_id, before and now: what `count_rows` would put
    right by these figures, and where no Stock row is opened yet."""
    return f"""
        SELECT f.line, f.sku_id, f.location_id, coalesce(s.on_hand, 0) AS before,
               {_REBASED if dated else "f.on_hand"} AS now
        FROM ({figures}) AS f LEFT JOIN inventory_stock s USING (sku_id, location_id)
        {_SINCE.format(figures=figures) if dated else ""}
        WHERE coalesce(s.on_hand, 0) <> {_REBASED if dated else "f.on_hand"}
        {_NOT_SUPERSEDED if dated else ""}"""


def open_and_lock_figures(figures: Figures, *, skus: Collection[int] = ()) -> None:
    """Open the Stock rows of figures and lock them, with all rows of `skus`, in order."""
    with connection.cursor() as cursor:
        cursor.execute(_OPEN.format(figures=figures.query))
        cursor.execute(_LOCK.format(figures=figures.query), {"skus": list(skus)})


def count_rows(
    figures: Figures,
    *,
    dated: bool,
    name: str,
    reference: str,
    actor: str,
    waiting: Collection[int] = (),
) -> CountedRows:
    """Put `on_hand` right by figures, with a movement for each row that was not right.

    Rows that agree are left alone. `dated`: figures have an `as_of`, and what moved since stays
    moved; where somebody has counted later, theirs stands. Their rows must be locked by now, by
    `open_and_lock_figures`: this statement does not see what was committed while it waited.
    Rows on which claims would break, or units are unavailable, come back in `left` untouched
    but locked: count them by `inventory.commands.count.apply_count`.

    Tells of all by `stock.imported` events, each of one location.
    """
    statement = _COUNT.format(
        figures=figures.query,
        now=_REBASED if dated else "f.on_hand",
        since=_SINCE.format(figures=figures.query) if dated else "",
        not_superseded=_NOT_SUPERSEDED if dated else "",
        snapshots=SNAPSHOTS,
    )
    parameters: dict[str, Any] = {
        "reason": str(Reason.COUNT),
        "reference": reference,
        "actor": actor[:ACTOR_LENGTH],
        "subject": name,
        "head": f'{{"import": "{name.rpartition("/")[2]}", "location": ',
        "waiting": list(waiting),
    }
    with connection.cursor() as cursor:
        if not dated:
            cursor.execute(_OPEN.format(figures=figures.query))
        # A chunk is a small part of the table, which the planner would else read whole for each.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(statement, parameters)
        changed, more, left = cursor.fetchone()
        cursor.execute("SET LOCAL enable_seqscan = on")
        if dated:
            cursor.execute(_NOTE.format(figures=figures.query), parameters)
    return CountedRows(
        changed, frozenset(more or ()), [(sku, location) for sku, location in left or ()]
    )
