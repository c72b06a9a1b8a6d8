"""Cancelling units that have not left yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.access.principal import Principal
from core.audit.record import record
from core.outbox.events import OutboxEvent, publish
from core.problems.catalogue import NotFound, TiedPrincipal, ValidationFailed
from inventory.commands.change import StockChange
from orders.choices import FulfilmentState
from orders.commands.fulfilment.set_aside import Freed, free, set_aside, take_off
from orders.commands.fulfilment.ship_to_store import adapt_transfers
from orders.commands.locks import lock_goods, lock_orders
from orders.commands.returns.refunds import cancellation_refund
from orders.commands.settling.settle import close_empty, settle
from orders.errors import NothingToCancel
from orders.events import order_cancelled
from orders.models import Fulfilment, FulfilmentLine, Order, OrderLine
from orders.queries.documents import order_document
from orders.transitions import CANCEL, may_fulfilment, next_fulfilment_state

# Units that are not being picked go first; a packed box is opened last.
_EASIEST_FIRST = ("open", "picking", "in_transit", "packed", "ready")


def cancel_order(
    *, number: str, lines: Sequence[tuple[str, int]] | None, reason: str, actor: Principal
) -> Order:
    """Cancel (line id, units), or without lines all units that have not left; return the order.

    Backordered units go first, then reserved ones. Those on the shelf are on sale again at once,
    those in a tote, a box or a bay once they are put back. Raises `NothingToCancel` when more is
    asked than can be cancelled, `TiedPrincipal` when units are at others' locations; nothing
    changes then.
    """
    order = Order.objects.visible_to(actor).filter(number=number).first()
    if order is None:
        raise NotFound()
    work = _lock(order.pk)
    free_units = {
        line_id: row.backordered
        + sum(_left(line) for line in work.in_work if line.order_line_id == row.pk)
        for line_id, row in work.ordered.items()
    }
    wanted = _wanted(lines, free_units)
    _refuse_elsewhere(work, wanted, actor)
    waiting = {
        line_id: min(units, work.ordered[line_id].backordered) for line_id, units in wanted.items()
    }
    _cancel(work, wanted, waiting=waiting, reason=reason, actor=actor)
    return work.order


def cancel_fulfilment(*, code: str, reason: str, actor: Principal) -> Fulfilment:
    """Cancel all units of one fulfilment that have not left; return it.

    Raises `IllegalTransition` once they are with the customer or a carrier.
    """
    seen = Fulfilment.objects.visible_to(actor).filter(code=code).first()
    if seen is None:
        raise NotFound("There is no such fulfilment.")
    work = _lock(seen.order_id)
    fulfilment = Fulfilment.objects.get(pk=seen.pk)
    next_fulfilment_state(fulfilment.life_cycle, fulfilment.state, CANCEL)
    work.in_work = [line for line in work.in_work if line.fulfilment_id == seen.pk]
    by_pk = {row.pk: line_id for line_id, row in work.ordered.items()}
    wanted: dict[str, int] = {}
    for line in work.in_work:
        line_id = by_pk[line.order_line_id]
        wanted[line_id] = wanted.get(line_id, 0) + _left(line)
    _cancel(work, wanted, waiting={}, reason=reason, actor=actor)
    fulfilment.refresh_from_db()
    return fulfilment


def _refuse_elsewhere(work: _Work, wanted: Mapping[str, int], actor: Principal) -> None:
    """Refuse to take units from the work of locations that the actor is not tied to."""
    touched = {work.ordered[line_id].pk for line_id in wanted}
    elsewhere = {
        line.fulfilment.code
        for line in work.in_work
        if line.order_line_id in touched and not actor.sees_location(line.fulfilment.goods_at.code)
    }
    if elsewhere:
        raise TiedPrincipal("Other locations work on these lines.", fulfilments=len(elsewhere))


@dataclass
class _Work:
    """A locked order: its lines by their id, and the fulfilment lines that can be cancelled.

    `locked` are the ids of all orders that are locked, `skus` those of its SKUs.
    """

    order: Order
    locked: frozenset[int]
    skus: set[int]
    ordered: dict[str, OrderLine]
    in_work: list[FulfilmentLine]


def _lock(order_id: int) -> _Work:
    """Lock an order, and those whose backorders its goods may fill."""
    skus = set(OrderLine.objects.filter(order=order_id).values_list("sku_id", flat=True))
    locked = lock_orders({order_id}, waiting_for=skus)
    order = locked[order_id]
    rows = OrderLine.objects.filter(order=order).select_related("sku").order_by("pk")
    ordered = {line.line_id: line for line in rows}
    return _Work(order, frozenset(locked), skus, ordered, _cancellable_lines(order))


def _cancel(
    work: _Work,
    wanted: dict[str, int],
    *,
    waiting: dict[str, int],
    reason: str,
    actor: Principal,
) -> None:
    """Cancel units by line id; `waiting` of them are backordered, the others are in work."""
    order, number = work.order, work.order.number
    freed = _take_out(wanted, waiting, work)
    OrderLine.objects.bulk_update(work.ordered.values(), ["cancelled", "backordered", "reserved"])
    FulfilmentLine.objects.bulk_update(work.in_work, ["quantity", "picked", "arrived"])
    touched = {line.fulfilment_id: line.fulfilment for line in work.in_work}
    for identity, fulfilment in touched.items():
        mine = [part for part in freed if part.line.fulfilment_id == identity]
        set_aside(fulfilment, mine, location_id=fulfilment.goods_at.pk)
    close_empty(touched, state=FulfilmentState.CANCELLED)
    adapt_transfers(touched, actor=actor)
    record(
        actor=actor, action="order.cancel", subject=f"orders/{number}", reason=reason, lines=wanted
    )
    document = order_document(order)
    cancelled = [(work.ordered[line_id], units) for line_id, units in wanted.items()]
    publish(
        order_cancelled(document, cancelled, reason=reason, actor=actor),
        *cancellation_refund(order=order, units=cancelled, reason=reason, actor=actor),
    )
    if document["state"] == "completed":  # only the cancelled units kept it open
        publish(
            OutboxEvent(
                "order.completed", f"orders/{number}", document, order=number, actor=actor.name
            )
        )
    if freed:
        lock_goods(orders=work.locked, sku_ids=work.skus)
        more = free(freed, actor=actor)
        settle(change=StockChange(more=more), orders=work.locked, actor=actor)


def _cancellable_lines(order: Order) -> list[FulfilmentLine]:
    """Return the fulfilment lines whose goods are not with the customer or a carrier yet."""
    lines = FulfilmentLine.objects.filter(fulfilment__order=order).select_related(
        "fulfilment__location", "fulfilment__source", "order_line"
    )
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


def _take_out(wanted: dict[str, int], waiting: dict[str, int], work: _Work) -> list[Freed]:
    """Move the units to `cancelled` in memory; return what was taken off fulfilments."""
    freed = []
    for line_id, units in wanted.items():
        row = work.ordered[line_id]
        backordered = waiting.get(line_id, 0)
        left = units - backordered
        row.cancelled += units
        row.backordered -= backordered
        row.reserved -= left
        for line in work.in_work:
            if not left:
                break
            if line.order_line_id == row.pk:
                taken = min(left, _left(line))
                freed.append(take_off(line, taken))
                left -= taken
    return freed
