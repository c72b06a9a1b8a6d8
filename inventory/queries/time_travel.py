"""The stock of a SKU at a location at a given time, and why, read from the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from core.problems.catalogue import NotFound
from inventory.choices import Reason
from inventory.models import StockMovement
from inventory.timestamps import as_text

EXACT = 400  # movements of a period that are listed one by one; beyond, it is sampled
SAMPLES = 96


@dataclass(frozen=True, slots=True)
class Moment:
    """A Stock row at a given time, with the movements before and after it.

    `before` begins with the newest, which explains the balances; `after` with the oldest.
    """

    at: datetime
    before: Sequence[StockMovement]
    after: Sequence[StockMovement]

    @property
    def last(self) -> StockMovement | None:
        return self.before[0] if self.before else None

    @property
    def on_hand(self) -> int:
        return self.last.on_hand_after if self.last else 0

    @property
    def reserved(self) -> int:
        return self.last.reserved_after if self.last else 0

    @property
    def unavailable(self) -> int:
        return self.last.unavailable_after if self.last else 0

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved - self.unavailable


# Both sides of the place that the function finds, from one indexed range each.
_AROUND = """
WITH place AS MATERIALIZED (
    SELECT inventory_first_movement_after(%(sku)s, %(location)s, %(at)s) AS id
)
SELECT around.id, around.id < place.id FROM place CROSS JOIN LATERAL (
    (SELECT id FROM inventory_stockmovement
     WHERE sku_id = %(sku)s AND location_id = %(location)s AND id < place.id
     ORDER BY id DESC LIMIT %(before)s)
    UNION ALL
    (SELECT id FROM inventory_stockmovement
     WHERE sku_id = %(sku)s AND location_id = %(location)s AND id >= place.id
     ORDER BY id LIMIT %(after)s)
) AS around
"""


def look_back(
    *, sku_id: int, location_id: int, at: datetime, before: int = 1, after: int = 0
) -> Moment:
    """Return a Stock row as recorded at `at`, with up to so many movements on either side.

    By the time of recording: movements recorded later are not included. Now, within five minutes,
    is after all of them, also those that are dated ahead of the clock. Raises `NotFound` where
    the movements of that time are archived, and only their sum is stored.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _AROUND,
            {
                "sku": sku_id,
                "location": location_id,
                "at": at,
                "before": before,
                "after": max(after, 1),
            },
        )
        is_earlier = dict(cursor.fetchall())
    rows = list(
        StockMovement.objects.filter(pk__in=list(is_earlier))
        .select_related("sku", "location")
        .order_by("id")
    )
    later = [row for row in rows if not is_earlier[row.pk]]
    if later and later[0].reason == Reason.CARRIED_FORWARD:
        raise NotFound(f"Movements from before {as_text(later[0].recorded_at)} are archived.")
    return Moment(
        at=at,
        before=[row for row in reversed(rows) if is_earlier[row.pk]],
        after=later[:after],
    )


# Movements of a period, one more than are listed one by one; the first gives the initial state.
# Those that a clock dated ahead of now have been recorded by now.
_STEPS = """
SELECT least(recorded_at, statement_timestamp()), on_hand_after - reserved_after - unavailable_after
FROM inventory_stockmovement
WHERE sku_id = %(sku)s AND location_id = %(location)s
  AND id >= inventory_first_movement_after(%(sku)s, %(location)s, %(since)s)
  AND id < inventory_first_movement_after(%(sku)s, %(location)s, %(until)s)
ORDER BY id LIMIT %(limit)s
"""

_SAMPLES = """
SELECT moment, coalesce(m.available, 0)
FROM generate_series(0, %(count)s - 1) AS n
CROSS JOIN LATERAL (
    SELECT %(since)s::timestamptz
           + n * (%(until)s::timestamptz - %(since)s::timestamptz) / %(count)s AS moment
) AS t
LEFT JOIN LATERAL (
    SELECT on_hand_after - reserved_after - unavailable_after AS available
    FROM inventory_stockmovement
    WHERE sku_id = %(sku)s AND location_id = %(location)s
      AND id < inventory_first_movement_after(%(sku)s, %(location)s, moment)
    ORDER BY id DESC LIMIT 1
) AS m ON true
ORDER BY moment
"""


def available_through(
    *, sku_id: int, location_id: int, since: datetime, until: datetime
) -> tuple[list[tuple[datetime, int]], bool]:
    """Return (time, available from then on) through a period, oldest first, and whether every
    movement is among them: a period with very many is sampled at equal distances.
    """
    asked: dict[str, int | datetime] = {
        "sku": sku_id,
        "location": location_id,
        "since": since,
        "until": until,
        "limit": EXACT + 1,
        "count": SAMPLES,
    }
    with connection.cursor() as cursor:
        cursor.execute(_STEPS, asked)
        steps = cursor.fetchall()
        if len(steps) > EXACT:
            cursor.execute(_SAMPLES, asked)
            return cursor.fetchall(), False
    start = look_back(sku_id=sku_id, location_id=location_id, at=since).available
    return [(since, start), *steps], True
