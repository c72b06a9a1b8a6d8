"""Cancelling units that have not left yet."""

from __future__ import annotations

from collections.abc import Sequence

from core.access.principal import Principal
from core.audit.record import record
from core.outbox.events import OutboxEvent, publish
from core.problems.catalogue import NotFound, ValidationFailed
from inventory import ledger
from inventory.choices import Reason, ReservationState
from inventory.commands.change import StockChange
from inventory.ledger import Part
from orders.choices import FulfilmentState
from orders.commands.fulfilment.ship_to_store import adapt_transfers
from orders.commands.locks import lock_goods, lock_orders
from orders.commands.returns.refunds import cancellation_refund
from orders.commands.settling.settle import close_empty, settle
from orders.errors import NothingToCancel
from orders.models import FulfilmentLine, Order, OrderLine
from orders.queries.documents import order_document
from orders.transitions import CANCEL, may_fulfilment

# Units that are not being picked go first; a packed box is opened last.
_EASIEST_FIRST = ("open", "picking", "in_transit", "packed", "ready")


def cancel_order(
    *, number: str, lines: Sequence[tuple[str, int]] | None, reason: str, actor: Principal
) -> Order:
    """Cancel (line id, units), or without lines all units that have not left; return the order.

    Backordered units go first, then reserved ones, which are on sale again at once. Raises
    `NothingToCancel` when more is asked than can be cancelled; nothing changes then.
    """
    order = Order.objects.filter(number=number).first()
    if order is None:
        raise NotFound()
    skus = set(OrderLine.objects.filter(order=order).values_list("sku_id", flat=True))
    locked = lock_orders({order.pk}, waiting_for=skus)
    order = locked[order.pk]
    ordered = {line.line_id: line for line in OrderLine.objects.filter(order=order).order_by("pk")}
    in_work = _cancellable_lines(order)
    free = {
        line_id: row.backordered
        + sum(_left(line) for line in in_work if line.order_line_id == row.pk)
        for line_id, row in ordered.items()
    }
    wanted = _wanted(lines, free)
    freed = _take_out(wanted, ordered, in_work)
    OrderLine.objects.bulk_update(ordered.values(), ["cancelled", "backordered", "reserved"])
    FulfilmentLine.objects.bulk_update(in_work, ["quantity", "picked", "arrived"])
    touched = {line.fulfilment_id for line in in_work}
    close_empty(touched, state=FulfilmentState.CANCELLED)
    adapt_transfers(touched, actor=actor)
    record(
        actor=actor, action="order.cancel", subject=f"orders/{number}", reason=reason, lines=wanted
    )
    document = order_document(order)
    publish(
        OutboxEvent(
            "order.cancelled",
            f"orders/{number}",
            {
                **document,
                "reason": reason,
                "cancelled_lines": [
                    {"line_id": line_id, "quantity": units} for line_id, units in wanted.items()
                ],
            },
            order=number,
            actor=actor.name,
        ),
        *cancellation_refund(
            order=order,
            units=[(ordered[line_id], units) for line_id, units in wanted.items()],
            reason=reason,
            actor=actor,
        ),
    )
    if document["state"] == "completed":  # only the cancelled units kept it open
        publish(
            OutboxEvent(
                "order.completed", f"orders/{number}", document, order=number, actor=actor.name
            )
        )
    if freed:
        lock_goods(orders=locked, sku_ids=skus)
    ledger.close_reservations(
        freed, state=ReservationState.RELEASED, reason=Reason.RELEASED, actor=actor.name
    )
    if freed:
        settle(change=StockChange(more=frozenset(skus)), orders=locked, actor=actor)
    return order


def _cancellable_lines(order: Order) -> list[FulfilmentLine]:
    """Return the fulfilment lines whose goods are not with the customer or a carrier yet."""
    lines = FulfilmentLine.objects.filter(fulfilment__order=order).select_related("fulfilment")
    possible = [
        line
        for line in lines.order_by("-pk")
        if may_fulfilment(line.fulfilment.life_cycle, line.fulfilment.state, CANCEL) and _left(line)
    ]
    return sorted(possible, key=lambda line: _EASIEST_FIRST.index(line.fulfilment.state))


def _left(line: FulfilmentLine) -> int:
    """Return the units of a fulfilment line that can still be cancelled."""
    return line.quantity - line.fulfilled


def _wanted(lines: Sequence[tuple[str, int]] | None, free: dict[str, int]) -> dict[str, int]:
    if lines is None:
        wanted = {line_id: units for line_id, units in free.items() if units}
        if not wanted:
            raise NothingToCancel(lines=[])
        return wanted
    errors = [
        {
            "pointer": f"/lines/{position}/line_id",
            "detail": f"The order has no line {line_id}.",
            "code": "unknown_line",
        }
        for position, (line_id, _) in enumerate(lines)
        if line_id not in free
    ]
    if errors:
        raise ValidationFailed(errors)
    wanted = {}
    for line_id, units in lines:
        wanted[line_id] = wanted.get(line_id, 0) + units
    if any(units > free[line_id] for line_id, units in wanted.items()):
        raise NothingToCancel(
            lines=[
                {"line_id": line_id, "requested": units, "cancellable": free[line_id]}
                for line_id, units in wanted.items()
            ]
        )
    return wanted


def _take_out(
    wanted: dict[str, int], ordered: dict[str, OrderLine], lines: list[FulfilmentLine]
) -> list[Part]:
    """Move the units to `cancelled` in memory; return the reservations to be released."""
    freed = []
    for line_id, units in wanted.items():
        row = ordered[line_id]
        row.cancelled += units
        waiting = min(units, row.backordered)
        row.backordered -= waiting
        left = units - waiting
        row.reserved -= left
        for line in lines:
            if not left:
                break
            if line.order_line_id != row.pk:
                continue
            taken = min(left, _left(line))
            had = line.arrived
            line.shrink_to(line.quantity - taken)
            left -= taken
            # In transit there is no reservation: cancelled units go on sale when they arrive.
            on_way = line.fulfilment.state == FulfilmentState.IN_TRANSIT
            reserved = had - line.arrived if on_way else taken
            freed.append(Part(line.reservation_id, reserved))
    return freed
