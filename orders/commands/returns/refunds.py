"""Requesting refunds: this service moves no money."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from core.access.principal import Principal
from core.outbox.events import OutboxEvent
from orders.models import Order, OrderLine
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
