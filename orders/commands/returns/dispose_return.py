"""Deciding on returned units in inspection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from core.access.principal import Principal
from core.audit.record import record
from core.outbox.events import publish
from inventory import ledger
from inventory.choices import Reason
from inventory.commands.change import StockChange
from inventory.commands.conditions import refuse_overdrawn
from inventory.ledger import Entry
from orders.choices import Disposition
from orders.commands.locks import lock_goods
from orders.commands.returns.finish_return import finish_if_done, lock_with_waiting
from orders.commands.settling.settle import settle
from orders.models import Return, ReturnReceiptLine
from orders.queries.returns import inspected_units, return_document
from orders.returns_policy import RequestedUnits, match_decided
from orders.transitions import next_return_state

# The movement of each disposition: what leaves `on_hand`, and the reason.
_OUTCOMES: dict[Disposition, tuple[int, Reason]] = {
    Disposition.RESTOCK: (0, Reason.RESTOCKED),
    Disposition.SCRAP: (-1, Reason.SCRAPPED),
    Disposition.TO_VENDOR: (-1, Reason.TO_VENDOR),
}
DECISIONS = (*_OUTCOMES, Disposition.DAMAGED)


@dataclass(frozen=True, slots=True)
class Decision:
    """Units in inspection at a location, and their disposition."""

    units: RequestedUnits
    sku_id: int
    location_id: int
    disposition: Disposition


def dispose_return(*, return_id: int, decisions: Sequence[Decision], actor: Principal) -> Return:
    """Decide on inspected units. Raises `IllegalTransition`, `NotInInspection`; nothing is written.

    `NotInCondition` when a count, or a change of their condition, has meanwhile taken
    them out of inspection.
    """
    restocked = {d.sku_id for d in decisions if d.disposition == Disposition.RESTOCK}
    ret, locked = lock_with_waiting(return_id, waiting_for=restocked)
    next_return_state(ret.state, "dispose")
    matched = match_decided([decision.units for decision in decisions], inspected_units(ret))
    sources = ReturnReceiptLine.objects.select_related("line").in_bulk(
        {part.inspected_id for part in matched}
    )
    decided, entries = [], []
    for part in matched:
        assert part.inspected_id is not None
        source, decision = sources[part.inspected_id], decisions[part.index]
        source.moved_on += part.quantity
        decided.append(
            ReturnReceiptLine(
                line=source.line,
                location_id=decision.location_id,
                quantity=part.quantity,
                disposition=decision.disposition,
                decided_from=source,
                actor=actor.name,
            )
        )
        entries += _entries(decision, part.quantity, f"return/{ret.pk}")
    ReturnReceiptLine.objects.bulk_update(sources.values(), ["moved_on"])
    ReturnReceiptLine.objects.bulk_create(decided)
    record(
        actor=actor,
        action="return.disposed",
        subject=f"returns/{ret.pk}",
        units=sum(part.quantity for part in matched),
    )
    publish(*finish_if_done(ret, return_document(ret.pk), actor=actor))
    lock_goods(orders=locked, sku_ids={entry.sku_id for entry in entries})
    ledger.lock_rows({(entry.sku_id, entry.location_id) for entry in entries})
    refuse_overdrawn(entries)
    balances = ledger.post(entries, actor=actor.name)
    change = StockChange(balances=balances, more=frozenset(restocked))
    settle(change=change, orders=locked, actor=actor)
    return ret


def _entries(decision: Decision, units: int, reference: str) -> list[Entry]:
    """Return the movements of units that leave inspection.

    Damaged units stay unavailable: two movements that cancel out change their condition.
    """
    entry = partial(Entry, decision.sku_id, decision.location_id, reference=reference)
    if decision.disposition == Disposition.DAMAGED:
        return [
            entry(unavailable=-units, reason=Reason.INSPECTION),
            entry(unavailable=units, reason=Reason.DAMAGED),
        ]
    leaves, reason = _OUTCOMES[decision.disposition]
    return [entry(on_hand=leaves * units, unavailable=-units, reason=reason)]
