"""Drift: figures that differed from the record, and the movements that explain them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import QuerySet

from core.access.principal import Principal
from inventory.models import Drift
from inventory.queries.counting.findings import Finding
from inventory.queries.counting.since import Pair

MOST_SHOWN = 20  # movements shown beside one figure, the newest ones


@dataclass(frozen=True, slots=True)
class Window:
    """A Stock row between two times; `since` None: from its beginning, `until` None: to now.

    The correction by the figure taken at `at` is left out: it explains
    nothing.
    """

    sku_id: int
    location_id: int
    since: datetime | None
    until: datetime | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class WindowMovement:
    """A movement by which units came or went."""

    id: int
    on_hand: int
    reason: str
    reference: str
    actor: str
    occurred_at: datetime
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class WindowMovements:
    """The newest movements of a window, the newest first; `left_out`: how many are older."""

    shown: Sequence[WindowMovement] = ()
    left_out: int = 0


# As in since.py, movements recorded well before the window cannot have happened in it.
_MOVEMENTS = """
SELECT w.n, m.id, m.on_hand_delta, m.reason, m.reference, m.actor, m.occurred_at, m.recorded_at,
       m.found
FROM unnest(%(sku)s::bigint[], %(location)s::bigint[], %(since)s::timestamptz[],
            %(until)s::timestamptz[], %(at)s::timestamptz[])
    WITH ORDINALITY AS w(sku_id, location_id, since, until, at, n)
LEFT JOIN LATERAL (
    SELECT id FROM inventory_stockmovement
    WHERE sku_id = w.sku_id AND location_id = w.location_id
      AND recorded_at < w.since - interval '1 hour'
    ORDER BY id DESC LIMIT 1
) AS edge ON true
JOIN LATERAL (
    SELECT *, count(*) OVER () AS found FROM inventory_stockmovement
    WHERE sku_id = w.sku_id AND location_id = w.location_id AND id > coalesce(edge.id, 0)
      AND on_hand_delta <> 0
      AND (w.since IS NULL OR occurred_at > w.since)
      AND (w.until IS NULL OR occurred_at <= w.until)
      AND NOT (reason IN ('cycle_count', 'opening_balance') AND occurred_at = w.at)
    ORDER BY occurred_at DESC, id DESC LIMIT %(limit)s
) AS m ON true
ORDER BY w.n, m.occurred_at DESC, m.id DESC
"""


def movements_in(windows: Sequence[Window]) -> list[WindowMovements]:
    """Return the movements in each window, in one statement."""
    if not windows:
        return []
    found: dict[int, list[tuple[WindowMovement, int]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            _MOVEMENTS,
            {
                "sku": [window.sku_id for window in windows],
                "location": [window.location_id for window in windows],
                "since": [window.since for window in windows],
                "until": [window.until for window in windows],
                "at": [window.at for window in windows],
                "limit": MOST_SHOWN,
            },
        )
        for n, *movement, count in cursor.fetchall():
            found.setdefault(n - 1, []).append((WindowMovement(*movement), count))
    return [
        WindowMovements(
            shown=[movement for movement, _ in found[n]],
            left_out=max(0, found[n][0][1] - MOST_SHOWN),
        )
        if n in found
        else WindowMovements()
        for n in range(len(windows))
    ]


def visible_drift(actor: Principal) -> QuerySet[Drift]:
    """Return drift at locations which the actor may see, with its SKU and location."""
    return Drift.objects.visible_to(actor).select_related("sku", "location")


def explain(rows: Sequence[Drift]) -> list[WindowMovements]:
    """Return the movements between the figure before each drift and the drifted one."""
    return movements_in(
        [Window(row.sku_id, row.location_id, row.since, row.as_of, row.as_of) for row in rows]
    )


def explain_figures(
    findings: Sequence[Finding], previous: Mapping[Pair, datetime]
) -> list[WindowMovements]:
    """Return the movements since each figure, and before it where it has drifted.

    `previous` are the times of the figures before them: a drift's causes came later.
    """
    return movements_in([_window(finding, previous) for finding in findings])


def _window(finding: Finding, previous: Mapping[Pair, datetime]) -> Window:
    spot, at = finding.counted.spot, finding.counted.at
    since = at
    if finding.counted.on_hand != finding.recorded:
        earlier = previous.get(spot.pair)
        since = min(earlier, at) if earlier and at else earlier
    return Window(spot.sku_id, spot.location_id, since, None, at)
