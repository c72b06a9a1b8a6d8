"""Requesting refunds: this service moves no money."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from core.access.principal import Principal
from core.outbox.events import OutboxEvent
from orders.choices import Resolution
from orders.models import Order, OrderLine, Return
from orders.money import format_amount


def refund_event(
    *,
    order: Order,
    units: Iterable[tuple[OrderLine, int]],
    reason: str,
    actor: Principal,
    **data: Any,
) -> OutboxEvent:
    """Return the `refund.requested` event for units of an order's lines, at their price."""
    lines, amount = [], Decimal(0)
    for line, quantity in units:
        part = line.unit_price * quantity
        amount += part
        lines.append(
            {
                "line_id": line.line_id,
                "quantity": quantity,
                "amount": format_amount(part, order.currency),
            }
        )
    return OutboxEvent(
        "refund.requested",
        f"orders/{order.number}",
        {
            "order": order.number,
            "amount": format_amount(amount, order.currency),
            "currency": order.currency,
            "payment_reference": order.payment_reference,
            "reason": reason,
            "lines": lines,
            **data,
        },
        order=order.number,
        actor=actor.name,
    )


def cancellation_refund(
    *, order: Order, units: Iterable[tuple[OrderLine, int]], reason: str, actor: Principal
) -> list[OutboxEvent]:
    """Return the events that request the refund of units that the customer will not get.

    None for an exchange: what it took is its return's again. Where that has become a refund since,
    it is refunded like the rest of it.
    """
    if order.exchange_of_id is not None:
        ret = Return.objects.get(pk=order.exchange_of_id)
        if ret.resolution == Resolution.EXCHANGE:
            return []
    return [refund_event(order=order, units=units, reason=reason, actor=actor)]
