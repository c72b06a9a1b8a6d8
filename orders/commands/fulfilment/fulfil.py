"""The steps of a parcel: accept, pick, pack, ship, deliver. Accepting and picking serve all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from core.access.principal import Principal
from core.audit.record import record
from core.problems.catalogue import ValidationFailed
from inventory.choices import Reason, ReservationState
from orders.choices import FulfilmentState
from orders.commands.fulfilment.common import (
    end_reservations,
    grip_goods,
    lines_of,
    lock_fulfilment,
    move_reserved,
    publish_completed,
    publish_fulfilments,
    save_step,
    subject_of,
    sum_units,
)
from orders.commands.fulfilment.ship_to_store import dispatch_to_store, draft_transfer_to_store
from orders.commands.picking.pick_lists import credit_pick_lists
from orders.errors import OverPick, PickingIncomplete
from orders.models import Fulfilment, FulfilmentLine
from orders.transitions import next_fulfilment_state


def accept(*, code: str, actor: Principal) -> Fulfilment:
    """Record who accepts the fulfilment. On a repeat the first one stays."""
    fulfilment = lock_fulfilment(code=code, actor=actor)
    next_fulfilment_state(fulfilment.life_cycle, fulfilment.state, "accept")
    if not fulfilment.accepted_by:
        fulfilment.accepted_by = actor.name
        save_step(fulfilment, "accepted_by")
        record(actor=actor, action="fulfilment_accepted", subject=subject_of(fulfilment))
    return fulfilment


def pick(*, code: str, lines: Sequence[tuple[str, int]], actor: Principal) -> Fulfilment:
    """Add picked units to lines, given as (line_id, units). Raises `OverPick`, nothing written."""
    fulfilment = lock_fulfilment(code=code, actor=actor)
    state = next_fulfilment_state(fulfilment.life_cycle, fulfilment.state, "pick")
    units = sum_units(lines_of(fulfilment), lines)
    too_many = [line for line in units if line.picked + units[line] > line.quantity]
    if too_many:
        raise OverPick(
            lines=[
                {
                    "line_id": line.order_line.line_id,
                    "sku": line.order_line.sku.code,
                    "requested": units[line],
                    "wanted": line.quantity - line.picked,
                }
                for line in too_many
            ]
        )
    for line, quantity in units.items():
        line.picked += quantity
    FulfilmentLine.objects.bulk_update(units, ["picked"])
    credit_pick_lists({line.pk: quantity for line, quantity in units.items()})
    begun = fulfilment.state == FulfilmentState.OPEN
    fulfilment.state = state
    save_step(fulfilment, "state")
    if begun:
        publish_fulfilments("fulfilment.picking", [fulfilment], actor=actor)
    grip_goods(units)
    return fulfilment


def check_all_picked(lines: Sequence[FulfilmentLine]) -> None:
    """Raise `PickingIncomplete` when a unit that is still wanted has not been picked."""
    missing = [line for line in lines if line.picked < line.quantity]
    if missing:
        raise PickingIncomplete(
            lines=[
                {
                    "line_id": line.order_line.line_id,
                    "sku": line.order_line.sku.code,
                    "quantity": line.quantity,
                    "picked": line.picked,
                    "missing": line.quantity - line.picked,
                }
                for line in missing
            ]
        )


def pack(*, code: str, actor: Principal) -> Fulfilment:
    """Close the box. Raises `PickingIncomplete` when units are missing.

    For a box to another shop its transfer is drafted.
    """
    fulfilment = lock_fulfilment(code=code, actor=actor)
    state = next_fulfilment_state(fulfilment.life_cycle, fulfilment.state, "pack")
    lines = lines_of(fulfilment)
    check_all_picked(lines)
    fulfilment.state = state
    if fulfilment.source_id is not None:
        draft_transfer_to_store(fulfilment, lines, actor=actor)
    save_step(fulfilment, "state", "transfer")
    publish_fulfilments("fulfilment.packed", [fulfilment], actor=actor)
    grip_goods(lines, secured=True)
    return fulfilment


def ship(
    *, code: str, carrier: str = "", tracking_number: str = "", actor: Principal
) -> Fulfilment:
    """Ship the box with a carrier: the goods leave the building and the stock.

    A parcel to a customer needs `carrier` and `tracking_number`; a box for another shop leaves
    on its transfer.
    """
    fulfilment = lock_fulfilment(code=code, actor=actor)
    fulfilment.carrier, fulfilment.tracking_number = carrier, tracking_number
    if fulfilment.source_id is not None:
        dispatch_to_store(fulfilment, actor=actor)
        return fulfilment
    _check_carrier(carrier=carrier, tracking_number=tracking_number)
    fulfilment.state = next_fulfilment_state(fulfilment.life_cycle, fulfilment.state, "ship")
    fulfilment.finished_at = timezone.now()
    save_step(fulfilment, "state", "carrier", "tracking_number", "finished_at")
    units = {line: line.outstanding for line in lines_of(fulfilment)}
    leaving = [Leaving(fulfilment, units)]
    hand_out(leaving, event="fulfilment.shipped", reason=Reason.SHIPPED, actor=actor)
    return fulfilment


def _check_carrier(**given: str) -> None:
    missing = [name for name, text in given.items() if not text]
    if missing:
        raise ValidationFailed(
            [
                {
                    "pointer": f"/{name}",
                    "detail": "A parcel to a customer needs it.",
                    "code": "required",
                }
                for name in missing
            ]
        )


def deliver(*, code: str, actor: Principal) -> Fulfilment:
    """Record that the customer has the parcel."""
    fulfilment = lock_fulfilment(code=code, actor=actor)
    fulfilment.state = next_fulfilment_state(fulfilment.life_cycle, fulfilment.state, "deliver")
    save_step(fulfilment, "state")
    publish_fulfilments("fulfilment.delivered", [fulfilment], actor=actor)
    return fulfilment


@dataclass(frozen=True, slots=True)
class Leaving:
    """Units of a locked fulfilment that leave, and further members of its event."""

    fulfilment: Fulfilment
    units: dict[FulfilmentLine, int]
    told: Mapping[str, Any] = field(default_factory=dict)


def hand_out(leaving: Sequence[Leaving], *, event: str, reason: Reason, actor: Principal) -> None:
    """Fulfil units that leave: write lines, events, and last the stock rows.

    Others wait for those.
    """
    units = {line: quantity for each in leaving for line, quantity in each.units.items()}
    gone: dict[int, int] = {}
    for line, quantity in units.items():
        line.fulfilled += quantity
        gone[line.order_line_id] = gone.get(line.order_line_id, 0) + quantity
    FulfilmentLine.objects.bulk_update(units, ["fulfilled"])
    move_reserved(gone, into="fulfilled")
    names = {name for each in leaving for name in each.told}
    more = {name: {each.fulfilment.pk: each.told[name] for each in leaving} for name in names}
    publish_fulfilments(event, [each.fulfilment for each in leaving], actor=actor, **more)
    publish_completed({each.fulfilment.order_id for each in leaving}, actor=actor)
    end_reservations(
        units, state=ReservationState.CONSUMED, reason=reason, actor=actor, leaves=True
    )
