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

    `on_hand` is the sum of the deltas; `counted`: there is a later count.
    """

    on_hand: int = 0
    counted: bool = False


# A statement over any relation `{seen}` with one row (sku_id, location_id, at) a Stock row.
#
# A movement may have happened before it was recorded, never after, so those recorded well before
# the moment need not be read: `edge` is the newest of them, and ids follow recording within a
# row. The hour covers statements that waited for their row before they wrote. A later count that
# agreed with the record left no movement: the time of the last count shows it.
SINCE = """
SELECT w.sku_id, w.location_id, coalesce(sum(m.on_hand_delta), 0)::int AS on_hand,
       coalesce(bool_or(m.reason = 'cycle_count') OR bool_or(last.at > w.at), false) AS counted
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
GROUP BY w.sku_id, w.location_id
"""

_SINCE_LISTED = SINCE.format(
    seen="""(
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
        return {(row[0], row[1]): Since(row[2], row[3]) for row in cursor.fetchall()}
