"""Sourcing units again that a location could not supply."""

from __future__ import annotations

from collections.abc import Sequence

from core.access.principal import Principal
from orders.commands.locks import lock_orders
from orders.commands.settling.assign import Want, assign_units
from orders.models import OrderLine


def source_again(
    *,
    wants: Sequence[tuple[int, int]],
    avoiding: frozenset[int],
    occasion: str,
    actor: Principal,
) -> None:
    """Find other goods for (order line id, units) whose reservations have just ended.

    The caller has taken the units out of their fulfilment and ended the reservation; they still
    count as `reserved` on the order line. It has locked their orders, and all rows of their SKUs:
    goods may come from any location. Here they are reserved at a location that is not in
    `avoiding` (ids), or backordered where the order allows it, or cancelled: the customer is
    notified by `order.line_backordered`, or by `order.cancelled` and `refund.requested`.
    """
    units: dict[int, int] = {}
    for line_id, quantity in wants:
        if quantity:
            units[line_id] = units.get(line_id, 0) + quantity
    by_order: dict[int, dict[int, int]] = {}
    for line_id, order_id in OrderLine.objects.filter(pk__in=units).values_list("pk", "order_id"):
        by_order.setdefault(order_id, {})[line_id] = units[line_id]
    orders = lock_orders(by_order)
    assign_units(
        [
            Want(order=orders[order_id], units=by_order[order_id], waiting=False, avoiding=avoiding)
            for order_id in sorted(by_order)
        ],
        occasion=occasion,
        actor=actor,
    )
