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
from orders.commands.fulfilment.ship_to_store import follow_journeys
from orders.commands.locks import lock_orders
from orders.commands.returns.refunds import refund_fact
from orders.commands.settling.settle import close_empty, settle
from orders.errors import NothingToCancel
from orders.models import FulfilmentLine, Order, OrderLine, PickListLine
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
    order = lock_orders({order.pk}, waiting_for=skus)[order.pk]
    rows = {line.line_id: line for line in OrderLine.objects.filter(order=order).order_by("pk")}
    shares = _cancellable_shares(order)
    free = {
        line_id: line.backordered
        + sum(
            share.quantity - share.fulfilled for share in shares if share.order_line_id == line.pk
        )
        for line_id, line in rows.items()
    }
    wanted = _wanted(lines, free)
    freed = _take_out(wanted, rows, shares)
    OrderLine.objects.bulk_update(rows.values(), ["cancelled", "backordered", "reserved"])
    FulfilmentLine.objects.bulk_update(shares, ["quantity", "picked", "arrived"])
    _shorten_pick_lists(shares)
    touched = {share.fulfilment_id for share in shares}
    close_empty(touched, state=FulfilmentState.CANCELLED)
    follow_journeys(touched, actor=actor)
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
        refund_fact(
            order=order,
            units=[(rows[line_id], units) for line_id, units in wanted.items()],
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
    ledger.close_reservations(
        freed, state=ReservationState.RELEASED, reason=Reason.RELEASED, actor=actor.name
    )
    if freed:
        settle(change=StockChange(more=frozenset(skus)), actor=actor)
    return order


def _cancellable_shares(order: Order) -> list[FulfilmentLine]:
    """Return the fulfilment lines whose goods are not with the customer or a carrier yet."""
    shares = FulfilmentLine.objects.filter(fulfilment__order=order).select_related("fulfilment")
    possible = [
        share
        for share in shares.order_by("-pk")
        if may_fulfilment(share.fulfilment.life_cycle, share.fulfilment.state, CANCEL)
        and _left(share)
    ]
    return sorted(possible, key=lambda share: _EASIEST_FIRST.index(share.fulfilment.state))


def _left(share: FulfilmentLine) -> int:
    """Return the units of a fulfilment line that can still be cancelled."""
    return share.quantity - share.fulfilled


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
    wanted: dict[str, int], rows: dict[str, OrderLine], shares: list[FulfilmentLine]
) -> list[Part]:
    """Move the units to `cancelled` in memory; return the reservations to be released."""
    freed = []
    for line_id, units in wanted.items():
        line = rows[line_id]
        line.cancelled += units
        waiting = min(units, line.backordered)
        line.backordered -= waiting
        left = units - waiting
        line.reserved -= left
        for share in shares:
            if not left:
                break
            if share.order_line_id != line.pk:
                continue
            taken = min(left, _left(share))
            had = share.arrived
            share.shrink_to(share.quantity - taken)
            left -= taken
            # In transit there is no reservation: cancelled units go on sale when they arrive.
            on_way = share.fulfilment.state == FulfilmentState.IN_TRANSIT
            reserved = had - share.arrived if on_way else taken
            freed.append(Part(share.reservation_id, reserved))
    return freed


def _shorten_pick_lists(shares: list[FulfilmentLine]) -> None:
    """Take cancelled units off the pick lists."""
    quantities = {share.pk: share.quantity for share in shares}
    picks = list(PickListLine.objects.filter(fulfilment_line__in=quantities))
    for pick in picks:
        had = pick.picked + pick.short
        pick.quantity = max(
            had, min(pick.quantity, quantities[pick.fulfilment_line_id] + pick.short)
        )
    PickListLine.objects.bulk_update(picks, ["quantity"])
