"""Units that a picker did not find and that nobody has counted since."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import connection

# What was set aside as missing, less what was since found, written off or counted. A count of
# noon settles what was missed before noon, and what has been settled later is not settled again.
_MISSING = """
SELECT w.sku_id, w.location_id,
       least(
           coalesce(sum(m.unavailable_delta) FILTER (WHERE m.occurred_at <= w.at), 0),
           sum(m.unavailable_delta)
       )::int
FROM (
    SELECT *, coalesce(%(at)s::timestamptz, statement_timestamp()) AS at
    FROM unnest(%(sku)s::bigint[], %(location)s::bigint[]) AS pair(sku_id, location_id)
) AS w
JOIN inventory_stockmovement m USING (sku_id, location_id)
WHERE m.unavailable_delta <> 0
  AND (m.reason = 'missing' OR m.reason IN ('found', 'lost') AND m.unavailable_delta < 0)
GROUP BY w.sku_id, w.location_id
"""


def missing_units(
    pairs: Collection[tuple[int, int]], *, at: datetime | None = None
) -> dict[tuple[int, int], int]:
    """Return the units set aside as missing at `at` (None: now) and not settled yet, by row.

    Reads all movements of these (sku_id, location_id) rows: ask only for rows with units that
    are unavailable.
    """
    if not pairs:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            _MISSING,
            {
                "sku": [sku for sku, _ in pairs],
                "location": [location for _, location in pairs],
                "at": at,
            },
        )
        return {(row[0], row[1]): row[2] for row in cursor.fetchall() if row[2] > 0}
