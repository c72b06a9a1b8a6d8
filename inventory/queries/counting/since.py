"""Movements after a given time, with which a late count is brought up to date."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

Pair = tuple[int, int]  # (sku_id, location_id)


@dataclass(frozen=True, slots=True)
class Since:
    """Changes of one Stock row after a time, by when they happened in the building.

    `on_hand` is the sum of the deltas; `counted`: there is a later count. `began` is when its first
    movement happened, None where nothing ever moved or that is not known.
    """

    on_hand: int = 0
    counted: bool = False
    began: datetime | None = None


# Says of a moment that it is not now, give or take the error of a device's clock.
PAST = "({} < statement_timestamp() - interval '5 minutes')"

# When the first movement of a row `w` happened; NULL where nothing ever moved, or a clock that was
# ahead dated it, so that this is not known.
BEGAN = """(SELECT first.occurred_at
            FROM inventory_next_movements(w.sku_id, w.location_id, 0, 1) AS next(id)
            JOIN inventory_stockmovement first USING (id)
            WHERE least(first.occurred_at, first.recorded_at) <= statement_timestamp())"""

# A statement over any relation `{seen}` with one row (sku_id, location_id, at) a Stock row.
#
# A movement may have happened before it was recorded, never after, so those recorded well before
# the moment need not be read: `edge` is the newest of them, and ids follow recording within a
# row. The hour covers statements that waited for their row before they wrote. A later count that
# agreed with the record left no movement: the time of the last count shows it.
#
# What happened and was recorded at times that are yet to come was dated by a clock that was ahead.
# It is in the ledger by now: a count of now has seen it.
_SINCE = """
SELECT w.sku_id, w.location_id, coalesce(sum(m.on_hand_delta), 0)::int AS on_hand,
       coalesce(bool_or(m.reason = 'cycle_count')
                OR bool_or(last.at > w.at AND (last.at <= statement_timestamp() OR {past})),
                false) AS counted,
       {began} AS began
FROM {seen} AS w
LEFT JOIN inventory_lastcount last
    ON last.sku_id = w.sku_id AND last.location_id = w.location_id
LEFT JOIN LATERAL (
    SELECT id FROM inventory_stockmovement
    WHERE sku_id = w.sku_id AND location_id = w.location_id
      AND recorded_at < w.at - interval '1 hour'
    ORDER BY id DESC LIMIT 1
) AS edge ON true
LEFT JOIN inventory_stockmovement m
    ON m.sku_id = w.sku_id AND m.location_id = w.location_id
   AND m.id > coalesce(edge.id, 0) AND m.occurred_at > w.at
   AND (least(m.occurred_at, m.recorded_at) <= statement_timestamp() OR {past})
GROUP BY w.sku_id, w.location_id
"""


def since_query(seen: str) -> str:
    """Return the statement over a relation of (sku_id, location_id, at)."""
    return _SINCE.format(seen=seen, began=BEGAN, past=PAST.format("w.at"))


_SINCE_LISTED = since_query(
    """(
    SELECT * FROM unnest(%(sku)s::bigint[], %(location)s::bigint[], %(at)s::timestamptz[])
        AS given(sku_id, location_id, at)
)"""
)


def movements_since(moments: Mapping[Pair, datetime]) -> dict[Pair, Since]:
    """Return the changes of each row after its own time, in one statement."""
    if not moments:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            _SINCE_LISTED,
            {
                "sku": [sku for sku, _ in moments],
                "location": [location for _, location in moments],
                "at": list(moments.values()),
            },
        )
        return {(row[0], row[1]): Since(*row[2:]) for row in cursor.fetchall()}
