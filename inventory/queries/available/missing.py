"""Units that a count settles: not found by a picker, or to be put back, and not counted since."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import connection

from inventory.choices import Condition
from inventory.queries.counting.since import PAST

Pair = tuple[int, int]  # (sku_id, location_id)

# Units set aside as missing, less those since found, written off or counted; and those to be put
# back that were neither put back nor counted since. A count of noon settles units set aside before
# noon, and units that were settled later are not settled again. A count of now also settles those
# of times that are yet to come, by a clock that was ahead.
_TO_SETTLE = f"""
SELECT w.sku_id, w.location_id,
       CASE WHEN m.reason = 'to_put_back' THEN m.reason ELSE 'missing' END AS condition,
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
  AND (m.reason IN ('missing', 'to_put_back')
       OR m.reason IN ('found', 'lost') AND m.unavailable_delta < 0)
GROUP BY w.sku_id, w.location_id, condition
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


def units_to_settle(
    moments: Mapping[Pair, datetime | None],
) -> dict[Pair, dict[Condition, int]]:
    """Return the units that a count of a row's time (None: now) settles, by their condition.

    Those set aside as missing or to be put back by then, and not settled yet.
    Reads all movements of these rows: ask only for rows with units that are unavailable.
    """
    found: dict[Pair, dict[Condition, int]] = {}
    if not moments:
        return found
    with connection.cursor() as cursor:
        cursor.execute(
            _TO_SETTLE,
            {
                "sku": [sku for sku, _ in moments],
                "location": [location for _, location in moments],
                "at": list(moments.values()),
            },
        )
        for sku_id, location_id, condition, units in cursor.fetchall():
            if units > 0:
                found.setdefault((sku_id, location_id), {})[Condition(condition)] = units
    return found


def short_picked(*, location_id: int, since: datetime, limit: int) -> list[int]:
    """Return the ids of SKUs that pickers missed since then and that are not settled yet.

    The last missed come first.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SHORT_PICKED, {"location": location_id, "since": since, "limit": limit})
        return [sku_id for (sku_id,) in cursor.fetchall()]
