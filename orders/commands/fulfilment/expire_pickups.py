"""Expired pickups: the goods go back on sale, the customer gets the money back."""

from __future__ import annotations

import logging
from functools import partial

from django.db import transaction
from django.utils import timezone

from core.access.principal import SYSTEM, Principal
from core.audit.record import record
from core.idempotency.execute import retry_conflicts
from core.outbox.events import OutboxEvent, publish
from core.problems.catalogue import NotFound
from inventory.choices import Reason, ReservationState
from inventory.commands.change import StockChange
from orders.choices import FulfilmentState
from orders.commands.fulfilment.common import (
    end_reservations,
    lines_of,
    move_reserved,
    publish_completed,
    publish_fulfilments,
    save_step,
    subject_of,
)
from orders.commands.locks import lock_goods, lock_orders
from orders.commands.returns.refunds import cancellation_refund
from orders.commands.settling.settle import settle
from orders.errors import ReservationBroken
from orders.models import Fulfilment, FulfilmentLine
from orders.queries.documents import order_document
from orders.queries.fulfilments import counter_fulfilments
from orders.transitions import next_fulfilment_state

NOT_COLLECTED = "not_collected"
log = logging.getLogger("omniretail.orders")


def expire_pickup(*, code: str, actor: Principal) -> Fulfilment:
    """Expire a pickup: release the goods, cancel their units, request a refund."""
    fulfilment, locked = _lock_with_waiting(code=code, actor=actor)
    _expire(fulfilment, locked, actor=actor)
    return fulfilment


def _lock_with_waiting(*, code: str, actor: Principal) -> tuple[Fulfilment, frozenset[int]]:
    """Lock a fulfilment, its order, and the orders whose backorders its goods may fill; return it
    with the ids of all these orders."""
    seen = counter_fulfilments(actor).filter(code=code).first()
    if seen is None:
        raise NotFound("There is no such fulfilment.")
    skus = set(seen.lines.values_list("order_line__sku_id", flat=True))
    locked = lock_orders({seen.order_id}, waiting_for=skus)
    fulfilment = (
        Fulfilment.objects.select_for_update(of=("self",), no_key=True)
        .select_related("order", "location", "source")
        .get(pk=seen.pk)
    )
    return fulfilment, frozenset(locked)


def _expire(fulfilment: Fulfilment, locked: frozenset[int], *, actor: Principal) -> None:
    fulfilment.state = next_fulfilment_state(fulfilment.life_cycle, fulfilment.state, "expire")
    fulfilment.finished_at = timezone.now()
    save_step(fulfilment, "state", "finished_at")
    units = {
        line: line.quantity - line.fulfilled
        for line in lines_of(fulfilment)
        if line.quantity > line.fulfilled
    }
    _cancel_units(fulfilment, units, actor=actor)
    back_on_sale = frozenset(line.order_line.sku_id for line in units)
    lock_goods(orders=locked, sku_ids=back_on_sale)
    end_reservations(units, state=ReservationState.RELEASED, reason=Reason.RELEASED, actor=actor)
    settle(change=StockChange(more=back_on_sale), orders=locked, actor=actor)


def _cancel_units(
    fulfilment: Fulfilment, units: dict[FulfilmentLine, int], *, actor: Principal
) -> None:
    """Cancel the units not collected; publish the fulfilment, the order and the refund."""
    for line in units:
        line.shrink_to(line.fulfilled)
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
    publish(
        OutboxEvent(
            type="order.cancelled",
            subject=f"orders/{order.number}",
            data=order_document(order) | {"reason": NOT_COLLECTED, "cancelled_lines": cancelled},
            order=order.number,
            actor=actor.name,
        ),
        *cancellation_refund(
            order=order,
            units=[(line.order_line, quantity) for line, quantity in units.items()],
            reason=NOT_COLLECTED,
            actor=actor,
        ),
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
            fulfilment, locked = _lock_with_waiting(code=code, actor=SYSTEM)
            if not _is_due(fulfilment):
                return False
            _expire(fulfilment, locked, actor=SYSTEM)
    except ReservationBroken:
        log.warning("pickup %s could not be expired: its reservation broke meanwhile", code)
        return False
    return True


def _is_due(fulfilment: Fulfilment) -> bool:
    """Check again under the lock: it may just have been collected, cancelled or expired."""
    expires_at = fulfilment.pickup_expires_at
    return (
        fulfilment.state == FulfilmentState.READY
        and expires_at is not None
        and expires_at <= timezone.now()
    )
