"""What of a till sale the record does not have, at the time at which it happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from inventory.queries.counting.since import PAST, Pair

# The mirror image of `since.py`. Had the sale been recorded when it happened, a later count would
# have found so many fewer missing: it saw the shelf without them. Without a later count, the row
# lacks what it would have lacked at its lowest since then: later goods do not make up for it.
_LACKING = f"""
SELECT w.sku_id, w.location_id,
       coalesce(m.counted OR last.at >= w.at
                AND (last.at <= statement_timestamp() OR {PAST.format("w.at")}), false),
       coalesce(greatest(0, m.most_since), 0)::int
FROM unnest(%(sku)s::bigint[], %(location)s::bigint[], %(at)s::timestamptz[])
    AS w(sku_id, location_id, at)
LEFT JOIN inventory_lastcount last
    ON last.sku_id = w.sku_id AND last.location_id = w.location_id
LEFT JOIN LATERAL (
    SELECT id FROM inventory_stockmovement
    WHERE sku_id = w.sku_id AND location_id = w.location_id
      AND recorded_at < w.at - interval '1 hour'
    ORDER BY id DESC LIMIT 1
) AS edge ON true
LEFT JOIN LATERAL (
    SELECT bool_or(reason = 'cycle_count') AS counted,
           max(since) FILTER (WHERE occurred_at > w.at) AS most_since
    FROM (
        SELECT reason, occurred_at,
               sum(on_hand_delta) OVER (ORDER BY occurred_at DESC, id DESC) AS since
        FROM inventory_stockmovement
        WHERE sku_id = w.sku_id AND location_id = w.location_id AND id > coalesce(edge.id, 0)
          AND occurred_at >= w.at
          AND (least(occurred_at, recorded_at) <= statement_timestamp() OR {PAST.format("w.at")})
    ) AS later
) AS m ON true
"""


@dataclass(frozen=True, slots=True)
class Lacking:
    """Units of a sale that a Stock row does not have; `counted`: because a later count has seen
    that they are gone."""

    units: int
    counted: bool = False


def lacking_units(
    sold: Mapping[Pair, int], on_hand: Mapping[Pair, int], *, at: datetime | None
) -> dict[Pair, Lacking]:
    """Compare units sold at a time (None: now) with locked rows, whose `on_hand` is given."""
    if at is None:
        return {pair: Lacking(max(0, units - on_hand[pair])) for pair, units in sold.items()}
    with connection.cursor() as cursor:
        cursor.execute(
            _LACKING,
            {
                "sku": [sku for sku, _ in sold],
                "location": [location for _, location in sold],
                "at": [at] * len(sold),
            },
        )
        rows = cursor.fetchall()
    lacking = {}
    for sku, place, counted, most_since in rows:
        units, lowest = sold[sku, place], on_hand[sku, place] - most_since
        short = units if counted else max(0, units - lowest)
        lacking[sku, place] = Lacking(short, counted)
    return lacking
