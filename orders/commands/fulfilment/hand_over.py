"""Pickup: the goods wait in a bay, the customer is identified, staff hand over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from core.access.principal import Principal
from core.audit.record import record
from inventory.choices import Reason
from orders.commands.fulfilment.common import (
    grip_goods,
    lines_of,
    lock_fulfilment,
    save_step,
    subject_of,
    sum_units,
)
from orders.commands.fulfilment.fulfil import check_all_picked, hand_out
from orders.commands.fulfilment.ready import let_wait
from orders.errors import ExceedsLine, PickupLocked, WrongPickupCode
from orders.models import Fulfilment, FulfilmentLine
from orders.pickup_code import MAX_WRONG_CODES, is_right_code, is_right_qr
from orders.transitions import next_fulfilment_state


@dataclass(frozen=True, slots=True)
class Proof:
    """How the customer was identified: exactly one of the three is given."""

    code: str = ""
    qr: str = ""
    id_checked_by: str = ""  # who checked an identity document


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
    actor: Principal,
) -> Fulfilment:
    """Hand over all waiting units, or the (line_id, units) given; the rest stays ready.

    Raises `WrongPickupCode`, which is counted and committed, `PickupLocked` after too many, and
    `ExceedsLine`. Do not wrap it in a savepoint: its rollback would lose the count.
    """
    fulfilment = lock_fulfilment(code=code, actor=actor, at_counter=True)
    collected = next_fulfilment_state(fulfilment.life_cycle, fulfilment.state, "collect")
    all_lines = lines_of(fulfilment)
    _check_proof(fulfilment, proof, actor=actor)
    waiting = {line: line.quantity - line.fulfilled for line in all_lines}
    units = sum_units(all_lines, lines) if lines is not None else waiting
    _check_amounts(units, waiting)
    fulfilment.wrong_codes = 0
    if all(units.get(line, 0) == waiting[line] for line in all_lines):
        fulfilment.state = collected
        fulfilment.finished_at = timezone.now()
    save_step(fulfilment, "wrong_codes", "state", "finished_at")
    hand_out(
        fulfilment,
        units,
        event="fulfilment.collected",
        reason=Reason.COLLECTED,
        actor=actor,
        handed_over_lines={fulfilment.pk: _handed_over(units)},
    )
    return fulfilment


def _handed_over(units: dict[FulfilmentLine, int]) -> list[dict[str, Any]]:
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


def _check_proof(fulfilment: Fulfilment, proof: Proof, *, actor: Principal) -> None:
    """Accept the proof or count the wrong code; the row's lock serialises guesses."""
    if proof.id_checked_by:
        record(
            actor=actor,
            action="identity_checked",
            subject=subject_of(fulfilment),
            checked_by=proof.id_checked_by,
        )
        return
    if fulfilment.wrong_codes >= MAX_WRONG_CODES:
        raise PickupLocked()
    right = (
        is_right_code(fulfilment.code, proof.code)
        if proof.code
        else is_right_qr(fulfilment.code, proof.qr)
    )
    if not right:
        fulfilment.wrong_codes += 1
        save_step(fulfilment, "wrong_codes")
        raise WrongPickupCode(remaining_tries=MAX_WRONG_CODES - fulfilment.wrong_codes)


def _check_amounts(units: dict[FulfilmentLine, int], waiting: dict[FulfilmentLine, int]) -> None:
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
