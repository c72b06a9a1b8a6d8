"""Rejecting units: taken out of their fulfilment and sourced elsewhere at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone

from core.access.principal import Principal
from core.audit.record import record
from inventory import ledger
from inventory.choices import Reason, ReservationState
from orders.choices import FulfilmentState, RejectReason
from orders.commands.fulfilment.common import (
    end_reservations,
    find_lines,
    lines_of,
    lock_where_goods_are,
    publish_fulfilments,
    save_step,
    subject_of,
)
from orders.commands.fulfilment.set_aside import Freed, free, set_aside, take_off
from orders.commands.fulfilment.ship_to_store import adapt_transfers
from orders.commands.settling.resourcing import source_again
from orders.errors import ExceedsLine
from orders.models import Fulfilment, FulfilmentLine
from orders.transitions import next_fulfilment_state
from stores.models import Location

# The stock effect of each reason: units not found or not fit must not be promised again.
_GONE = {RejectReason.NOT_FOUND: Reason.MISSING, RejectReason.DAMAGED: Reason.DAMAGED}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Units of one line, by its id, that the location cannot supply."""

    line_id: str
    quantity: int
    reason: RejectReason


@dataclass(frozen=True, slots=True)
class GivenUp:
    """Units of one loaded line that the location cannot supply."""

    line: FulfilmentLine
    quantity: int
    reason: RejectReason


def reject(
    *,
    code: str,
    refusals: Sequence[Refusal] | None = None,
    reason: RejectReason = RejectReason.OTHER,
    actor: Principal,
) -> Fulfilment:
    """Hand units back to sourcing: those named, or all of them for one `reason`.

    Raises `ExceedsLine` when more is named than the fulfilment still has; nothing changes then.
    """
    fulfilment = lock_where_goods_are(code=code, actor=actor)
    next_fulfilment_state(fulfilment.life_cycle, fulfilment.state, "reject")
    lines = lines_of(fulfilment)
    if refusals is None:
        parts = [GivenUp(line, line.outstanding, reason) for line in lines if line.outstanding]
    else:
        found = find_lines(lines, [refusal.line_id for refusal in refusals])
        parts = [
            GivenUp(line, refusal.quantity, refusal.reason)
            for line, refusal in zip(found, refusals, strict=True)
        ]
        _check_amounts(parts)
    give_up(fulfilment, lines, parts, occasion=f"rejected {code}", actor=actor)
    return fulfilment


def _check_amounts(parts: Sequence[GivenUp]) -> None:
    asked: dict[FulfilmentLine, int] = {}
    for part in parts:
        asked[part.line] = asked.get(part.line, 0) + part.quantity
    too_many = [line for line, units in asked.items() if units > line.outstanding]
    if too_many:
        raise ExceedsLine(
            lines=[
                {
                    "line_id": line.order_line.line_id,
                    "sku": line.order_line.sku.code,
                    "requested": asked[line],
                    "remaining": line.outstanding,
                }
                for line in too_many
            ]
        )


def give_up(
    fulfilment: Fulfilment,
    lines: Sequence[FulfilmentLine],
    parts: Sequence[GivenUp],
    *,
    occasion: str,
    actor: Principal,
) -> None:
    """Take units out of a locked fulfilment, record why, end their reservations, and source them
    again.

    `lines` are all of its lines. A fulfilment without units left becomes rejected.
    """
    here = fulfilment.goods_at
    freed = _take_off(parts)
    set_aside(fulfilment, freed, location_id=here.pk)
    FulfilmentLine.objects.bulk_update(
        {part.line for part in parts}, ["quantity", "picked", "arrived"]
    )
    if not any(line.outstanding for line in lines):
        some_gone = any(line.fulfilled for line in lines)
        fulfilment.state = FulfilmentState.COLLECTED if some_gone else FulfilmentState.REJECTED
        fulfilment.finished_at = timezone.now()
    save_step(fulfilment, "state", "finished_at")
    _note(fulfilment, parts, here=here, occasion=occasion, actor=actor)
    adapt_transfers([fulfilment.pk], actor=actor)
    _end(parts, freed, actor=actor)
    source_again(
        wants=[(part.line.order_line_id, part.quantity) for part in parts],
        avoiding=frozenset({here.pk}),
        occasion=occasion,
        actor=actor,
    )


def _take_off(parts: Sequence[GivenUp]) -> list[Freed]:
    """Take the units off their lines in memory; return those that are still there.

    Units that are gone are taken first, as those that were not picked.
    """
    ordered = sorted(parts, key=lambda part: part.reason not in _GONE)
    freed = [(part, take_off(part.line, part.quantity)) for part in ordered]
    return [units for part, units in freed if part.reason not in _GONE]


def _note(
    fulfilment: Fulfilment,
    parts: Sequence[GivenUp],
    *,
    here: Location,
    occasion: str,
    actor: Principal,
) -> None:
    """Publish the rejection, audit it, and request a count of units that were not found."""
    rejected = [
        {
            "line_id": part.line.order_line.line_id,
            "sku": part.line.order_line.sku.code,
            "quantity": part.quantity,
            "reason": part.reason.value,
        }
        for part in parts
    ]
    publish_fulfilments(
        "fulfilment.rejected",
        [fulfilment],
        actor=actor,
        rejected_lines={fulfilment.pk: rejected},
    )
    record(
        actor=actor,
        action="fulfilment_rejected",
        subject=subject_of(fulfilment),
        reason=occasion,
        lines=rejected,
    )
    not_found: dict[str, int] = {}
    for part in parts:
        if part.reason == RejectReason.NOT_FOUND:
            sku = part.line.order_line.sku.code
            not_found[sku] = not_found.get(sku, 0) + part.quantity
    for sku, units in not_found.items():
        record(
            actor=actor,
            action="count_needed",
            subject=f"stock/{sku}@{here.code}",
            reason=occasion,
            not_found=units,
        )


def _end(parts: Sequence[GivenUp], freed: Sequence[Freed], *, actor: Principal) -> None:
    """End the reservations with the stock effect of the reason.

    All rows of the SKUs are locked first: the units are sourced again from other locations.
    """
    ledger.lock_skus({part.line.order_line.sku_id for part in parts})
    free(freed, actor=actor)
    for reason, gone in _GONE.items():
        units: dict[FulfilmentLine, int] = {}
        for part in parts:
            if part.reason == reason:
                units[part.line] = units.get(part.line, 0) + part.quantity
        end_reservations(
            units, state=ReservationState.BROKEN, reason=gone, actor=actor, goes_missing=True
        )
