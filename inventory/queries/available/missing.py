"""Units that a picker did not find and that were not counted since."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import connection

from inventory.queries.counting.since import PAST

Pair = tuple[int, int]  # (sku_id, location_id)

# Units set aside as missing, less those since found, written off or counted. A count of
# noon settles units missed before noon, and units that were settled later are not settled again.
# A count of now also settles those missed at times that are yet to come, by a clock that was ahead.
_MISSING = f"""
SELECT w.sku_id, w.location_id,
       least(
           coalesce(sum(m.unavailable_delta) FILTER (
               WHERE m.occurred_at <= w.at
                  OR least(m.occurred_at, m.recorded_at) > statement_timestamp()
                     AND NOT {PAST.format("w.at")}), 0),
           sum(m.unavailable_delta)
       )::int
FROM (
    SELECT sku_id, location_id, coalesce(at, statement_timestamp()) AS at
    FROM unnest(%(sku)s::bigint[], %(location)s::bigint[], %(at)s::timestamptz[])
        AS given(sku_id, location_id, at)
) AS w
JOIN inventory_stockmovement m USING (sku_id, location_id)
WHERE m.unavailable_delta <> 0
  AND (m.reason = 'missing' OR m.reason IN ('found', 'lost') AND m.unavailable_delta < 0)
GROUP BY w.sku_id, w.location_id
"""

# Only rows with units that are not for sale can have missing ones, and they are few.
_SHORT_PICKED = """
SELECT s.sku_id
FROM inventory_stock s
JOIN LATERAL (
    SELECT sum(m.unavailable_delta) AS units,
           max(m.recorded_at) FILTER (WHERE m.unavailable_delta > 0 AND m.reason = 'missing')
               AS missed_at
    FROM inventory_stockmovement m
    WHERE m.sku_id = s.sku_id AND m.location_id = s.location_id
      AND m.unavailable_delta <> 0 AND m.reason IN ('missing', 'found', 'lost')
) AS missing ON missing.units > 0 AND missing.missed_at >= %(since)s
WHERE s.location_id = %(location)s AND s.unavailable > 0
ORDER BY missing.missed_at DESC, s.sku_id
LIMIT %(limit)s
"""


def missing_units(moments: Mapping[Pair, datetime | None]) -> dict[Pair, int]:
    """Return the units set aside as missing at a row's time (None: now), not settled yet.

    Reads all movements of these rows: ask only for rows with units that are unavailable.
    """
    if not moments:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            _MISSING,
            {
                "sku": [sku for sku, _ in moments],
                "location": [location for _, location in moments],
                "at": list(moments.values()),
            },
        )
        return {(row[0], row[1]): row[2] for row in cursor.fetchall() if row[2] > 0}


def short_picked(*, location_id: int, since: datetime, limit: int) -> list[int]:
    """Return the ids of SKUs that pickers missed since then and that are not settled yet.

    The last missed come first.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SHORT_PICKED, {"location": location_id, "since": since, "limit": limit})
        return [sku_id for (sku_id,) in cursor.fetchall()]
