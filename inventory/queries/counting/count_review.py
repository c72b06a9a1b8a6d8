"""Reviewing a count: variances from the record, and those that need a second person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection

from inventory.choices import CountState
from inventory.models import Count, CountEntry, CountLine, CountResult
from inventory.queries.counting.findings import Counted, Finding, look
from inventory.queries.lookup import Spot


@dataclass(frozen=True, slots=True)
class Whole:
    """The sum of a SKU's bins in one count.

    `since` to `at`: from the first to the last entry. `counters` are the names of the people
    who counted, by their ids.
    """

    spot: Spot
    units: int
    since: datetime
    at: datetime
    counters: Mapping[str, str]

    def as_counted(self) -> Counted:
        """Return it as a figure of the time at which the last bin was counted."""
        return Counted(self.spot, self.units, at=self.at)


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A SKU of a count beside the record at the time of counting.

    `reasons` say why a second person must approve: `units`, `percent`, `moved`.
    """

    spot: Spot
    counted: int
    counted_at: datetime
    counters: Mapping[str, str]
    recorded: int
    variance: int
    superseded: bool
    reasons: tuple[str, ...] = field(default=())
    approved_variance: int | None = None
    approved_by: str = ""
    approved_at: datetime | None = None

    @property
    def needs_approval(self) -> bool:
        """Whether an approval is missing; an approval holds for one variance only."""
        return bool(self.reasons) and self.approved_variance != self.variance


def wholes(count: Count) -> list[Whole]:
    """Return the sums of each SKU, in the order of their codes; two queries."""
    lines = (
        CountLine.objects.filter(count=count, counted__isnull=False)
        .select_related("sku")
        .order_by("sku__code", "pk")
    )
    by_sku: dict[int, list[CountLine]] = {}
    for line in lines:
        by_sku.setdefault(line.sku_id, []).append(line)
    counters: dict[int, dict[str, str]] = {}
    entries = CountEntry.objects.filter(line__count=count, voided=False).order_by("pk")
    for sku_id, counter, name in entries.values_list("line__sku", "counter", "counted_by"):
        counters.setdefault(sku_id, {})[counter] = name
    return [_whole(count, mine, counters.get(sku_id, {})) for sku_id, mine in by_sku.items()]


def _whole(count: Count, lines: list[CountLine], counters: Mapping[str, str]) -> Whole:
    sku = lines[0].sku
    return Whole(
        spot=Spot(sku.pk, sku.code, count.location_id, count.location.code),
        units=sum(line.counted or 0 for line in lines),
        since=min(line.counted_from for line in lines if line.counted_from),
        at=max(line.counted_at for line in lines if line.counted_at),
        counters=counters,
    )


def review(count: Count) -> list[Reviewed]:
    """Return the review of a submitted count, by SKU; empty before that, and once cancelled.

    In review the record is read again each time, because movements from before the count may be
    recorded after it. For an applied count it is the stored result.
    """
    if count.state not in (CountState.REVIEW, CountState.APPLIED):
        return []
    summed = wholes(count)
    if count.state == CountState.APPLIED:
        results = _results(count)
        return [_as_applied(whole, results[whole.spot.sku_id]) for whole in summed]
    return judge(count, summed, look([whole.as_counted() for whole in summed]))


def judge(count: Count, summed: Sequence[Whole], findings: Sequence[Finding]) -> list[Reviewed]:
    """Return for each finding whether a second person must approve, and who has."""
    results = _results(count)
    moved = moved_while_counted(summed)
    return [
        _as_found(count, whole, finding, whole.spot.sku_id in moved, results)
        for whole, finding in zip(summed, findings, strict=True)
    ]


def _results(count: Count) -> dict[int, CountResult]:
    return {row.sku_id: row for row in CountResult.objects.filter(count=count)}


def _as_applied(whole: Whole, result: CountResult) -> Reviewed:
    return Reviewed(
        spot=whole.spot,
        counted=whole.units,
        counted_at=whole.at,
        counters=whole.counters,
        recorded=result.recorded or 0,
        variance=result.variance or 0,
        superseded=result.superseded,
        approved_variance=result.approved_variance,
        approved_by=result.approved_by,
        approved_at=result.approved_at,
    )


def _as_found(
    count: Count, whole: Whole, finding: Finding, moved: bool, results: Mapping[int, CountResult]
) -> Reviewed:
    # A superseded figure moves nothing, and is shown as it differed.
    variance = whole.units - finding.recorded if finding.superseded else finding.variance
    reasons = () if finding.superseded else why_check(count, variance, finding.recorded, moved)
    result = results.get(whole.spot.sku_id, CountResult())
    return Reviewed(
        spot=whole.spot,
        counted=whole.units,
        counted_at=whole.at,
        counters=whole.counters,
        recorded=finding.recorded,
        variance=variance,
        superseded=finding.superseded,
        reasons=reasons,
        approved_variance=result.approved_variance,
        approved_by=result.approved_by,
        approved_at=result.approved_at,
    )


def why_check(count: Count, variance: int, recorded: int, moved: bool) -> tuple[str, ...]:
    """Return why a second person must approve a variance; empty when none must."""
    if not variance:
        return ()
    off = abs(variance)
    reasons = {
        "units": off >= count.threshold_units,
        "percent": off * 100 >= count.threshold_percent * max(recorded, 0),
        # Counted in several entries, with movements in between: the sum may miss those units.
        "moved": moved,
    }
    return tuple(name for name, holds in reasons.items() if holds)


_MOVED = """
SELECT DISTINCT w.sku_id
FROM unnest(%(sku)s::bigint[], %(location)s::bigint[], %(since)s::timestamptz[],
            %(at)s::timestamptz[]) AS w(sku_id, location_id, since, at)
JOIN inventory_stockmovement m
    ON m.sku_id = w.sku_id AND m.location_id = w.location_id
   AND m.occurred_at > w.since AND m.occurred_at <= w.at
   AND m.recorded_at > w.since - interval '1 hour'
WHERE m.on_hand_delta <> 0 AND m.reason <> 'cycle_count'
"""


def moved_while_counted(summed: Iterable[Whole]) -> set[int]:
    """Return the SKUs with movements between the first and the last entry."""
    looks = [whole for whole in summed if whole.since < whole.at]
    if not looks:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            _MOVED,
            {
                "sku": [whole.spot.sku_id for whole in looks],
                "location": [whole.spot.location_id for whole in looks],
                "since": [whole.since for whole in looks],
                "at": [whole.at for whole in looks],
            },
        )
        return {sku_id for (sku_id,) in cursor.fetchall()}
