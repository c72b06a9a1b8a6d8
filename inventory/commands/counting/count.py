"""Applying counts: absolute figures, each taken at its own time."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.access.principal import Principal
from core.outbox.events import OutboxEvent, publish
from inventory import ledger
from inventory.choices import Reason
from inventory.commands.change import StockChange
from inventory.commands.conditions import name_conditions
from inventory.commands.counting.drift import note_figures
from inventory.commands.holds import end_stale_holds
from inventory.errors import CountedTooEarly, StaleQuantity
from inventory.events import publish_broken_carts
from inventory.ledger import BALANCE_LIMIT, Balance, Entry
from inventory.queries.available.missing import missing_units
from inventory.queries.counting.findings import Counted, Finding, compare
from inventory.timestamps import as_text, database_now

COUNT_REASONS = (Reason.COUNT, Reason.OPENING)
MOST_COUNTED = BALANCE_LIMIT
BY_PEOPLE = "count"  # the source of figures that people counted


@dataclass(frozen=True, slots=True)
class Occasion:
    """The identity of a count: its id, and the source and reference that the ledger stores.

    `cause` names it in the timelines of orders whose promises it breaks. `file` is the resource of
    the import that brought it: imports are numbered as counts are, and events about one subject
    are in its order.
    """

    id: str
    cause: str
    reason: str = Reason.COUNT
    reference: str = ""
    source: str = BY_PEOPLE
    file: str = ""

    @property
    def subject(self) -> str:
        """Return the subject of its event."""
        return self.file or f"counts/{self.id}"

    @classmethod
    def at_once(cls, *, reason: str = Reason.COUNT, reference: str = "") -> Occasion:
        """Return the occasion of a count that is sent and applied in one request."""
        name = f"count {reference}" if 0 < len(reference) <= 40 else "a count"
        return cls(str(uuid.uuid4()), cause=name, reason=reason, reference=reference)


@dataclass(frozen=True, slots=True)
class AppliedCount:
    """An applied count; findings are in the order of the lines."""

    id: str
    findings: Sequence[Finding]
    change: StockChange


def apply_count(
    *, counts: Sequence[Counted], actor: Principal, occasion: Occasion | None = None
) -> AppliedCount:
    """Correct `on_hand` to the counted figures, one line a Stock row.

    A line counted at some time is compared with the record of that time, and later movements
    stay. Units that a picker had reported missing by then are settled: they are on the shelf after
    all, or lost, as the count shows. Where fewer remain than were promised, the least sure
    reservations break; where fewer remain than were unavailable otherwise, those go too, by
    movements that name their condition. A count that agrees leaves no movement, but supersedes
    older ones.

    Raises `CountedTooEarly` when a line is from before the first record of its row, `StaleQuantity`
    when its `expected` differs from the record.
    """
    pairs = [item.spot.pair for item in counts]
    ledger.open_rows(pairs)
    end_stale_holds(actor=actor.name, sku_ids=sorted({sku_id for sku_id, _ in pairs}))
    return count_among_locked(counts=counts, actor=actor, occasion=occasion or Occasion.at_once())


def count_among_locked(
    *, counts: Sequence[Counted], actor: Principal, occasion: Occasion
) -> AppliedCount:
    """Do as `apply_count`, of rows that are open, and locked if any other row is.

    Expired holds have been ended: doing so locks the rows of a SKU at every location.
    """
    before = ledger.lock_rows([item.spot.pair for item in counts])
    now = database_now()
    findings = compare(counts, {pair: row.on_hand for pair, row in before.items()})
    refuse_too_early(findings)
    _refuse_stale(findings)
    standing = [finding for finding in findings if not finding.superseded]
    missing = missing_units(
        {
            finding.counted.spot.pair: finding.counted.at
            for finding in standing
            if before[finding.counted.spot.pair].unavailable
        }
    )
    entries = [
        entry
        for finding in standing
        for entry in _entries(finding, before, missing=missing, occasion=occasion, now=now)
    ]
    entries = name_conditions(entries)
    broken = ledger.make_room(entries, actor=actor.name)
    after = ledger.post(entries, actor=actor.name)
    publish_broken_carts(broken, actor=actor)
    note_figures(
        standing,
        source=occasion.source,
        reference=occasion.reference,
        now=now,
        actor=actor,
    )
    applied = AppliedCount(
        id=occasion.id,
        findings=findings,
        change=StockChange.between(before, after, broken=broken, cause=occasion.cause),
    )
    _publish(applied, occasion=occasion, actor=actor)
    return applied


def refuse_too_early(findings: Sequence[Finding]) -> None:
    """Refuse figures from before the first record: all that came since would be added to them."""
    early = [
        {
            "sku": finding.counted.spot.sku,
            "location": finding.counted.spot.location,
            "as_of": as_text(finding.counted.at),
            "first_recorded": as_text(finding.began),
        }
        for finding in findings
        if finding.too_early
    ]
    if early:
        raise CountedTooEarly(lines=early)


def _refuse_stale(findings: Sequence[Finding]) -> None:
    stale = [
        {
            "sku": finding.counted.spot.sku,
            "location": finding.counted.spot.location,
            "expected": finding.counted.expected,
            "on_hand": finding.recorded,
        }
        for finding in findings
        if finding.counted.expected not in (None, finding.recorded)
    ]
    if stale:
        raise StaleQuantity(lines=stale)


def _entries(
    finding: Finding,
    before: Mapping[tuple[int, int], Balance],
    *,
    missing: Mapping[tuple[int, int], int],
    occasion: Occasion,
    now: datetime,
) -> list[Entry]:
    """Return the movements of a count: missing units settled first, then the variance."""
    pair = finding.counted.spot.pair
    row = before[pair]
    about: dict[str, Any] = {
        "reference": occasion.reference,
        "occurred_at": finding.counted.at or now,
    }
    settled = min(missing.get(pair, 0), row.unavailable)
    unavailable = row.unavailable - settled
    entries = []
    if settled:
        entries.append(Entry(*pair, unavailable=-settled, reason=Reason.MISSING, **about))
    if finding.variance:
        gone = max(0, unavailable - (row.on_hand + finding.variance))
        entries.append(
            Entry(
                *pair,
                on_hand=finding.variance,
                unavailable=-gone,
                reason=occasion.reason,
                **about,
            )
        )
    return entries


def _publish(applied: AppliedCount, *, occasion: Occasion, actor: Principal) -> None:
    times = {finding.counted.at for finding in applied.findings}
    data: dict[str, Any] = {
        "id": applied.id,
        "source": occasion.source,
        "reason": str(occasion.reason),
        "reference": occasion.reference,
        "as_of": as_text(times.pop()) if len(times) == 1 else None,
        "lines": [
            {
                "sku": finding.counted.spot.sku,
                "location": finding.counted.spot.location,
                "as_of": as_text(finding.counted.at),
                "counted": finding.counted.on_hand,
                "recorded": finding.recorded,
                "variance": finding.variance,
                "superseded": finding.superseded,
            }
            for finding in applied.findings
        ],
    }
    publish(OutboxEvent("count.applied", occasion.subject, data, actor=actor.name))
