"""What the ledger recorded after a moment: how a late count is brought up to date."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import connection


@dataclass(frozen=True, slots=True)
class Since:
    """What happened to one Stock row after a moment, by when it happened on the floor.

    `on_hand` is the sum of the deltas; `counted`: somebody has counted it later still.
    """

    on_hand: int
    counted: bool


# A movement may have happened before it was recorded, never after, so those recorded well before
# the moment need not be read: `edge` is the newest of them, and ids follow recording within a
# row. The hour covers statements that waited for their row before they wrote.
_SINCE = """
SELECT w.sku_id, w.location_id, coalesce(sum(m.on_hand_delta), 0)::int,
       coalesce(bool_or(m.reason = 'cycle_count'), false)
FROM unnest(%(sku)s::bigint[], %(location)s::bigint[]) AS w(sku_id, location_id)
LEFT JOIN LATERAL (
    SELECT id FROM inventory_stockmovement
    WHERE sku_id = w.sku_id AND location_id = w.location_id
      AND recorded_at < %(at)s::timestamptz - interval '1 hour'
    ORDER BY id DESC LIMIT 1
) AS edge ON true
LEFT JOIN inventory_stockmovement m
    ON m.sku_id = w.sku_id AND m.location_id = w.location_id
   AND m.id > coalesce(edge.id, 0) AND m.occurred_at > %(at)s::timestamptz
GROUP BY w.sku_id, w.location_id
"""


def movements_since(
    pairs: Collection[tuple[int, int]], at: datetime
) -> dict[tuple[int, int], Since]:
    """Return what happened to these (sku_id, location_id) rows after `at`, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            _SINCE,
            {
                "sku": [sku for sku, _ in pairs],
                "location": [location for _, location in pairs],
                "at": at,
            },
        )
        return {(row[0], row[1]): Since(row[2], row[3]) for row in cursor.fetchall()}
