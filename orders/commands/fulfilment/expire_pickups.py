"""Expired pickups: the goods are to be put back, the customer gets the money back."""

from __future__ import annotations

import logging
from functools import partial

from django.db import transaction
from django.utils import timezone

from core.access.principal import SYSTEM, Principal
from core.audit.record import record
from core.idempotency.execute import retry_conflicts
from core.outbox.events import publish
from inventory.timestamps import as_text
from orders.choices import FulfilmentState
from orders.commands.fulfilment.common import (
    lines_of,
    lock_fulfilment,
    move_reserved,
    publish_completed,
    publish_fulfilments,
    save_step,
    subject_of,
)
from orders.commands.fulfilment.pickup_time import end_of_pickup, follow_hours
from orders.commands.fulfilment.set_aside import free, set_aside, take_off
from orders.commands.returns.refunds import cancellation_refund
from orders.errors import PickupNotOver, ReservationBroken
from orders.events import order_cancelled
from orders.models import Fulfilment, FulfilmentLine
from orders.queries.documents import order_document
from orders.transitions import next_fulfilment_state

NOT_COLLECTED = "not_collected"
log = logging.getLogger("omniretail.orders")


def expire_pickup(*, code: str, actor: Principal) -> Fulfilment:
    """Expire a pickup whose time is over: cancel its units, request a refund.

    The goods lie in the bay until they are put back. Raises `PickupNotOver` before its time.
    """
    fulfilment = lock_fulfilment(code=code, actor=actor, at_counter=True)
    next_fulfilment_state(fulfilment.life_cycle, fulfilment.state, "expire")
    ends = end_of_pickup(fulfilment)
    if ends is None or ends > timezone.now():
        raise PickupNotOver(pickup_expires_at=as_text(ends))
    _expire(fulfilment, actor=actor)
    return fulfilment


def _expire(fulfilment: Fulfilment, *, actor: Principal) -> None:
    state = next_fulfilment_state(fulfilment.life_cycle, fulfilment.state, "expire")
    units = {
        line: line.quantity - line.fulfilled
        for line in lines_of(fulfilment)
        if line.quantity > line.fulfilled
    }
    freed = [take_off(line, quantity) for line, quantity in units.items()]
    set_aside(fulfilment, freed, location_id=fulfilment.goods_at.pk)
    fulfilment.state = state
    fulfilment.finished_at = timezone.now()
    save_step(fulfilment, "state", "finished_at")
    _cancel_units(fulfilment, units, actor=actor)
    free(freed, actor=actor)


def _cancel_units(
    fulfilment: Fulfilment, units: dict[FulfilmentLine, int], *, actor: Principal
) -> None:
    """Cancel the units not collected; publish the fulfilment, the order and the refund."""
    FulfilmentLine.objects.bulk_update(units, ["quantity", "picked", "arrived"])
    move_reserved(
        {line.order_line_id: quantity for line, quantity in units.items()}, into="cancelled"
    )
    cancelled = [
        {"line_id": line.order_line.line_id, "quantity": quantity}
        for line, quantity in units.items()
    ]
    publish_fulfilments(
        "fulfilment.expired", [fulfilment], actor=actor, expired_lines={fulfilment.pk: cancelled}
    )
    order = fulfilment.order
    gone = [(line.order_line, quantity) for line, quantity in units.items()]
    publish(
        order_cancelled(order_document(order), gone, reason=NOT_COLLECTED, actor=actor),
        *cancellation_refund(order=order, units=gone, reason=NOT_COLLECTED, actor=actor),
    )
    publish_completed([order.pk], actor=actor)
    record(
        actor=actor,
        action="pickup_expired",
        subject=subject_of(fulfilment),
        reason=NOT_COLLECTED,
        lines=cancelled,
    )


def expire_due_pickups(*, limit: int = 500) -> int:
    """Expire every overdue pickup, each in a transaction of its own; return how many.

    One whose shop is closed when its time is over waits until the shop has been open again.

    A failure does not stop the others: it is logged and tried again at the next sweep.
    """
    due = (
        Fulfilment.objects.filter(
            state=FulfilmentState.READY, pickup_expires_at__lte=timezone.now()
        )
        .order_by("pickup_expires_at")
        .values_list("code", flat=True)[:limit]
    )
    return sum(retry_conflicts(partial(_expire_one, code)) for code in list(due))


def _expire_one(code: str) -> bool:
    try:
        with transaction.atomic():
            fulfilment = lock_fulfilment(code=code, actor=SYSTEM, at_counter=True)
            if fulfilment.state != FulfilmentState.READY:
                return False  # it has just been collected, cancelled or expired
            follow_hours(fulfilment, actor=SYSTEM)
            ends = fulfilment.pickup_expires_at
            if ends is None or ends > timezone.now():
                return False
            _expire(fulfilment, actor=SYSTEM)
    except ReservationBroken:
        log.warning("pickup %s could not be expired: its reservation broke meanwhile", code)
        return False
    return True
