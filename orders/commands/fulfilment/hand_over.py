"""Pickup: the goods wait in a bay, the customer is identified, staff hand over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone

from core.access.principal import Principal
from inventory.choices import Reason
from orders.commands.fulfilment.common import (
    grip_goods,
    lines_of,
    lock_fulfilment,
    save_step,
    sum_units,
)
from orders.commands.fulfilment.fulfil import Leaving, check_all_picked, hand_out
from orders.commands.fulfilment.identity import check_identity
from orders.commands.fulfilment.proof import Proof, count_wrong, refuse_locked
from orders.commands.fulfilment.ready import let_wait
from orders.errors import ExceedsLine
from orders.models import Fulfilment, FulfilmentLine
from orders.transitions import next_fulfilment_state

Units = dict[FulfilmentLine, int]


def make_ready(*, code: str, bay: str = "", actor: Principal) -> Fulfilment:
    """Put all units into a bay and notify the customer. Raises `PickingIncomplete`.

    Goods from another building become ready when they arrive: then this only sets the bay.
    """
    fulfilment = lock_fulfilment(code=code, actor=actor, at_counter=True)
    state = next_fulfilment_state(fulfilment.life_cycle, fulfilment.state, "ready")
    if fulfilment.state == state:
        fulfilment.bay = bay
        save_step(fulfilment, "bay")
        return fulfilment
    lines = lines_of(fulfilment)
    check_all_picked(lines)
    let_wait(fulfilment, state=state, bay=bay, actor=actor)
    grip_goods(lines, secured=True)
    return fulfilment


def hand_over(
    *,
    code: str,
    proof: Proof,
    lines: Sequence[tuple[str, int]] | None = None,
    collected_by: str = "",
    actor: Principal,
) -> Fulfilment:
    """Hand over all waiting units, or the (line_id, units) given; the rest stays ready.

    `collected_by` names who came for the customer. Raises `WrongPickupCode`, which is counted and
    committed, `PickupLocked` after too many, and `ExceedsLine`. Do not wrap it in a savepoint: its
    rollback would lose the count.
    """
    fulfilment = lock_fulfilment(code=code, actor=actor, at_counter=True)
    next_fulfilment_state(fulfilment.life_cycle, fulfilment.state, "collect")
    confirmed_by = ""
    if proof.identity:
        confirmed_by = check_identity([fulfilment], proof.identity, actor=actor)
    else:
        refuse_locked([fulfilment])
        if not proof.opens(fulfilment.code, fulfilment.location.code):
            count_wrong([fulfilment], actor=actor)
    waiting = {line: line.outstanding for line in lines_of(fulfilment)}
    units = waiting if lines is None else sum_units(list(waiting), lines)
    _check_amounts(units, waiting)
    parts = [(fulfilment, units, waiting)]
    give(parts, proof=proof, by=collected_by, confirmed_by=confirmed_by, actor=actor)
    return fulfilment


def give(
    parts: Sequence[tuple[Fulfilment, Units, Units]],
    *,
    proof: Proof,
    by: str,
    confirmed_by: str,
    actor: Principal,
) -> None:
    """Hand over units of locked fulfilments, each with all that waits: in one act."""
    leaving = []
    for one, units, waiting in parts:
        collected = next_fulfilment_state(one.life_cycle, one.state, "collect")
        told: dict[str, Any] = {"handed_over_lines": _handed_over(units), "proof": proof.told()}
        if by:
            told["collected_by"] = by
        if confirmed_by:
            told["confirmed_by"] = confirmed_by
        if one.wrong_codes:
            told["wrong_codes"] = one.wrong_codes
        one.wrong_codes = 0
        if all(units.get(line, 0) == waiting[line] for line in waiting):
            one.state = collected
            one.finished_at = timezone.now()
        save_step(one, "wrong_codes", "state", "finished_at")
        leaving.append(Leaving(one, units, told))
    hand_out(leaving, event="fulfilment.collected", reason=Reason.COLLECTED, actor=actor)


def _handed_over(units: Mapping[FulfilmentLine, int]) -> list[dict[str, Any]]:
    """Return the units handed over now: a customer may collect the rest another day."""
    return [
        {
            "line_id": line.order_line.line_id,
            "sku": line.order_line.sku.code,
            "quantity": quantity,
        }
        for line, quantity in units.items()
        if quantity
    ]


def _check_amounts(units: Units, waiting: Units) -> None:
    too_many = [line for line, quantity in units.items() if quantity > waiting[line]]
    if too_many:
        raise ExceedsLine(
            lines=[
                {
                    "line_id": line.order_line.line_id,
                    "sku": line.order_line.sku.code,
                    "requested": units[line],
                    "remaining": waiting[line],
                }
                for line in too_many
            ]
        )
