"""Events about orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.access.principal import Principal
from core.outbox.events import OutboxEvent
from orders.choices import OrderState
from orders.models import OrderLine


def order_cancelled(
    document: Mapping[str, Any],
    units: Sequence[tuple[OrderLine, int]],
    *,
    reason: str,
    actor: Principal,
) -> OutboxEvent:
    """Return the event that units of an order were cancelled, with its document as it is now.

    `whole_order` says whether nothing else is left of the order: every unit is cancelled.
    """
    return OutboxEvent(
        "order.cancelled",
        f"orders/{document['number']}",
        {
            **document,
            "reason": reason,
            "whole_order": document["state"] == OrderState.CANCELLED,
            "cancelled_lines": [
                {"line_id": line.line_id, "sku": line.sku.code, "quantity": quantity}
                for line, quantity in units
            ],
        },
        order=str(document["number"]),
        actor=actor.name,
    )
