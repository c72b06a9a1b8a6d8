"""The story of an order: one line per fact, whatever the channel."""

from __future__ import annotations

from typing import Any

from omniretail.outbox.models import Event
from orders.queries.documents import moment


def read_timeline(number: str) -> list[dict[str, Any]]:
    """Return the facts of an order, oldest first: `at`, `type`, `text`, `actor`, `subject`."""
    return [
        {
            "at": moment(event.time),
            "type": event.type,
            "text": _sentence(event.type, event.data),
            "actor": event.actor,
            "subject": event.subject,
        }
        for event in Event.objects.filter(order=number).order_by("id")
    ]


_SENTENCES = {
    "order.placed": "Placed through {channel} as {external_id}: {units} for {total}",
    "order.cancelled": "Cancelled: {cancelled}{because}",
    "order.line_backordered": "Waiting for stock: {backordered} x {sku}",
    "order.completed": "Completed",
    "fulfilment.assigned": "{location} is to {type} {units}",
    "fulfilment.rejected": "{location} could not give it{because}",
    "fulfilment.picking": "{location} is picking {id}",
    "fulfilment.packed": "{location} packed {id}",
    "fulfilment.shipped": "{location} shipped {id} with {carrier}, {tracking_number}",
    "fulfilment.delivered": "{id} was delivered",
    "fulfilment.ready": "{id} waits for the customer at {location}",
    "fulfilment.collected": "{id} was handed over at {location}",
    "fulfilment.expired": "{id} was not collected in time",
    "reservation.broken": "{quantity} x {sku} were not there after all",
    "return.requested": "Return {id} announced through {channel}",
    "return.received": "Goods of return {id} arrived",
    "return.closed": "Return {id} is closed",
    "refund.requested": "Refund of {amount} {currency} asked for{because}",
}
_VERBS = {
    "ship": "ship",
    "pickup": "prepare for pickup",
    "same_day": "deliver today",
    "carry_out": "hand over at the till",
}


class _Words(dict[str, Any]):
    """The words of a fact; one that an old event lacks reads as a dash."""

    def __missing__(self, name: str) -> str:
        return "–"


def _sentence(type_: str, data: dict[str, Any]) -> str:
    words = _Words(data)
    lines = data.get("lines") or []
    words["units"] = ", ".join(
        f"{line.get('quantity', line.get('ordered'))} x {line.get('sku')}" for line in lines
    )
    words["cancelled"] = ", ".join(
        f"{line['quantity']} of line {line['line_id']}" for line in data.get("cancelled_lines", [])
    )
    words["because"] = f" ({data['reason']})" if data.get("reason") else ""
    if "totals" in data:
        words["total"] = f"{data['totals']['total']} {data['totals']['currency']}"
    if type_ == "fulfilment.assigned":
        words["type"] = _VERBS.get(data.get("type", ""), data.get("type"))
    return _SENTENCES.get(type_, type_).format_map(words)
