"""Counts: what somebody saw on the shelf, as absolute figures at a moment."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from inventory import ledger
from inventory.choices import Reason
from inventory.commands.change import StockChange
from inventory.commands.conditions import name_conditions
from inventory.commands.holds import end_stale_holds
from inventory.errors import StaleQuantity
from inventory.events import tell_broken_carts
from inventory.ledger import BALANCE_LIMIT, Balance, Entry
from inventory.moments import as_text
from inventory.queries.lookup import Spot
from inventory.queries.missing import missing_units
from inventory.queries.since import Since, movements_since
from omniretail.access.principal import Principal
from omniretail.outbox.events import Fact, publish

COUNT_REASONS = (Reason.COUNT, Reason.OPENING)
MOST_COUNTED = BALANCE_LIMIT


@dataclass(frozen=True, slots=True)
class Counted:
    """Units seen of one SKU at one location; `expected` is what the counter's record said."""

    spot: Spot
    on_hand: int
    expected: int | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What a count showed: `recorded` is what the ledger had at the moment of counting.

    `variance` is by how much the balance was put right. `superseded`: somebody has counted
    later than this count, and theirs stands.
    """

    counted: Counted
    recorded: int
    variance: int
    superseded: bool


@dataclass(frozen=True, slots=True)
class AppliedCount:
    """A count that is now in the ledger; findings are in the order of the lines."""

    id: str
    findings: Sequence[Finding]
    change: StockChange


def apply_count(
    *,
    counts: Sequence[Counted],
    actor: Principal,
    reason: str = Reason.COUNT,
    reference: str = "",
    as_of: datetime | None = None,
) -> AppliedCount:
    """Put `on_hand` right by what was counted, one line a Stock row.

    A count taken at `as_of` is compared with the record of that moment, and what moved since
    stays moved. What a picker had reported missing by then is settled: it is on the shelf after
    all, or gone, as the count says. Where fewer remain than were promised, the newest claims
    break; where fewer remain than were unavailable otherwise, those go too, by movements that
    name their condition. A count that agrees leaves no movement.

    Raises `StaleQuantity` when a line's `expected` is not what the record was.
    """
    pairs = [item.spot.pair for item in counts]
    ledger.open_rows(pairs)
    end_stale_holds(actor=actor.name, sku_ids=sorted({sku_id for sku_id, _ in pairs}))
    before = ledger.lock_rows(pairs)
    since = {} if as_of is None else movements_since(pairs, as_of)
    findings = [_find(item, before[item.spot.pair], since) for item in counts]
    _refuse_stale(findings)
    missing = missing_units([pair for pair in pairs if before[pair].unavailable], at=as_of)
    entries = [
        entry
        for finding in findings
        if not finding.superseded
        for entry in _entries(
            finding,
            before[finding.counted.spot.pair],
            missing=missing.get(finding.counted.spot.pair, 0),
            about={"reference": reference, "occurred_at": as_of},
            reason=reason,
        )
    ]
    entries = name_conditions(entries)
    broken = ledger.make_room(entries, actor=actor.name)
    after = ledger.post(entries, actor=actor.name)
    tell_broken_carts(broken, actor=actor)
    applied = AppliedCount(
        id=str(uuid.uuid4()),
        findings=findings,
        change=StockChange.between(before, after, broken=broken),
    )
    _tell(applied, reason=reason, reference=reference, as_of=as_of, actor=actor)
    return applied


def _find(item: Counted, row: Balance, since: Mapping[tuple[int, int], Since]) -> Finding:
    later = since.get(item.spot.pair, Since(0, False))
    recorded = row.on_hand - later.on_hand
    # More may have left since than was counted: then the shelf is empty now, not in debt.
    now = max(0, item.on_hand + later.on_hand)
    return Finding(
        counted=item,
        recorded=recorded,
        variance=0 if later.counted else now - row.on_hand,
        superseded=later.counted,
    )


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
    finding: Finding, row: Balance, *, missing: int, about: dict[str, Any], reason: str
) -> list[Entry]:
    """Return the movements of a count: missing units settled first, then the variance."""
    pair = finding.counted.spot.pair
    settled = min(missing, row.unavailable)
    unavailable = row.unavailable - settled
    entries = []
    if settled:
        entries.append(Entry(*pair, unavailable=-settled, reason=Reason.MISSING, **about))
    if finding.variance:
        gone = max(0, unavailable - (row.on_hand + finding.variance))
        entries.append(
            Entry(*pair, on_hand=finding.variance, unavailable=-gone, reason=reason, **about)
        )
    return entries


def _tell(
    applied: AppliedCount,
    *,
    reason: str,
    reference: str,
    as_of: datetime | None,
    actor: Principal,
) -> None:
    data: dict[str, Any] = {
        "id": applied.id,
        "reason": str(reason),
        "reference": reference,
        "as_of": as_text(as_of),
        "lines": [
            {
                "sku": finding.counted.spot.sku,
                "location": finding.counted.spot.location,
                "counted": finding.counted.on_hand,
                "recorded": finding.recorded,
                "variance": finding.variance,
                "superseded": finding.superseded,
            }
            for finding in applied.findings
        ],
    }
    publish(Fact("count.applied", f"counts/{applied.id}", data, actor=actor.name))
