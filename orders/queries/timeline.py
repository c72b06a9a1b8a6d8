"""The timeline of an order: one line per event."""

from __future__ import annotations

from typing import Any

from core.access.principal import Principal
from core.outbox.models import Event
from inventory.timestamps import as_text
from orders.masking import released


def read_timeline(number: str, *, actor: Principal) -> list[dict[str, Any]]:
    """Return the events of an order, oldest first: `at`, `type`, `text`, `actor`, `subject`.

    The text names people only to an actor who may read of them.
    """
    return [
        {
            "at": as_text(event.time),
            "type": event.type,
            "text": _sentence(event.type, released(event.data, actor=actor)),
            "actor": event.actor,
            "subject": event.subject,
        }
        for event in Event.objects.filter(order=number).order_by("id")
    ]


_SENTENCES = {
    "order.placed": "Placed through {channel} as {external_id}: {units} for {total}{exchange}",
    "order.cancelled": "Cancelled: {cancelled}{because}",
    "order.line_backordered": "Waiting for stock: {backordered} x {sku}{because}",
    "order.completed": "Completed",
    "fulfilment.assigned": "{location} {does} {units}{where}",
    "fulfilment.rejected": "{location} could not give {rejected}",
    "fulfilment.picking": "{location} is picking {id}",
    "fulfilment.packed": "{location} packed {id}",
    "fulfilment.unpacked": "{location} opened {id} again",
    "fulfilment.put_back": "Put back from {id}: {put_back}",
    "fulfilment.in_transit": "{location} sent {id} to {shop}{by}",
    "fulfilment.arrived": "{location} received {arrived} of {id}{missing}",
    "fulfilment.shipped": "{location} shipped {id} with {carrier}, {tracking_number}",
    "fulfilment.delivered": "{id} was delivered",
    "fulfilment.lost": "The carrier lost {id}: {lost}{instead}",
    "fulfilment.found": "{found_at} has {lost} of {id}, which was lost",
    "fulfilment.returning": "{id} comes back ({why}) as return {return}",
    "fulfilment.moved": "{id} is to be collected at {location}, no longer at {moved_from}",
    "fulfilment.turned_back": "{id} came back to {source} on its way to {location}",
    "fulfilment.ready": "{id} waits for the customer at {location}{where}",
    "fulfilment.collected": "{location} handed over {handed} of {id}{to}{proof}{after}{rest}",
    "fulfilment.expired": "{id} was not collected in time",
    "fulfilment.extended": "{id} waits until {until}",
    "reservation.broken": "{quantity} x {sku} {were} not {place} after all{found}",
    "return.requested": "Return {id} announced through {channel}: {units}",
    "return.received": "Return {id} came to {places}: {arrived}",
    "return.closed": "Return {id} is {ended}",
    "refund.requested": "Refund of {amount} {currency} asked for{because}",
}
_DOES = {
    "ship": "is to ship",
    "pickup": "is to prepare for pickup",
    "same_day": "is to deliver today",
    "carry_out": "handed over",  # placed and fulfilled in one act
}
_PROOFS = {
    "passport": " on a passport",
    "id_card": " on an identity card",
    "driving_licence": " on a driving licence",
    "other": " on a document",
}
_INSTEAD = {"refund": "; it is refunded", "send_again": "; it is sent again"}


# Steps at the source, before the goods leave for the shop.
_AT_SOURCE = {
    f"fulfilment.{step}"
    for step in ("assigned", "rejected", "picking", "packed", "unpacked", "in_transit")
}


class _Words(dict[str, Any]):
    """The values for an event's text; one that an old event lacks becomes a dash."""

    def __missing__(self, name: str) -> str:
        return "–"


def _sentence(type_: str, data: dict[str, Any]) -> str:
    words = _Words(data)
    words["units"] = _units(data.get("lines") or [])
    words["cancelled"] = ", ".join(
        f"{line['quantity']} of line {line['line_id']}" for line in data.get("cancelled_lines", [])
    )
    words["because"] = f" ({_plain(data['reason'])})" if data.get("reason") else ""
    if "totals" in data:
        words["total"] = f"{data['totals']['total']} {data['totals']['currency']}"
    if data.get("exchange_of"):
        words["exchange"] = f", in exchange for return {data['exchange_of']}"
    else:
        words["exchange"] = ""
    if type_ == "reservation.broken":
        words |= _words_of_broken_reservation(data)
    if type_.startswith("return."):
        words |= _words_of_return(data)
    if type_.startswith("fulfilment."):
        words |= _words_of_fulfilment(type_, data)
    return _SENTENCES.get(type_, type_).format_map(words)


def _words_of_broken_reservation(data: dict[str, Any]) -> dict[str, str]:
    return {
        "were": "was" if data.get("quantity") == 1 else "were",
        "place": f"at {data['location']}" if data.get("location") else "there",
        "found": f": {data['cause']} found fewer" if data.get("cause") else "",
    }


def _words_of_fulfilment(type_: str, data: dict[str, Any]) -> dict[str, str]:
    kind = data.get("type", "")
    does = _DOES.get(kind, kind)
    source = data.get("source")
    carrier = f"{data.get('carrier', '')} {data.get('tracking_number', '')}".strip()
    if type_ == "fulfilment.assigned":
        where = " at the till" if kind == "carry_out" else ""
        if source:
            does, where = "is to send", f" to {data.get('location')} for pickup"
    else:
        where = f", in {data['bay']}" if data.get("bay") else ""
    missing = _units(data.get("missing_lines") or [])
    return {
        "location": source if source and type_ in _AT_SOURCE else data.get("location", "–"),
        "shop": data.get("location", "–"),
        "by": f" with {carrier}" if carrier else "",
        "arrived": _units(data.get("arrived_lines") or []) or "nothing",
        "missing": f"; {missing} will not come" if missing else "",
        "until": data.get("pickup_expires_at") or "the shop opens again",
        "lost": _units(data.get("lost_lines") or []),
        "instead": _INSTEAD.get(data.get("instead", ""), ""),
        "why": _plain(data.get("reason", "")),
        "put_back": _units(data.get("put_back_units") or []),
        "does": does,
        "where": where,
        "rejected": _units(data.get("rejected_lines") or [])
        or f"anything for {data.get('id')} any more",
        "handed": _units(data.get("handed_over_lines") or data.get("lines") or []),
        "to": f" to {data['collected_by']} for the customer" if data.get("collected_by") else "",
        "proof": _PROOFS.get(data.get("proof", ""), "")
        + (f", confirmed by {data['confirmed_by']}" if data.get("confirmed_by") else ""),
        "after": f", after {_codes(data['wrong_codes'])}" if data.get("wrong_codes") else "",
        "rest": "; the rest waits" if data.get("state") == "ready" else "",
    }


def _codes(wrong: int) -> str:
    return "a wrong code" if wrong == 1 else f"{wrong} wrong codes"


def _words_of_return(data: dict[str, Any]) -> dict[str, str]:
    arrivals = data.get("arrivals") or []
    return {
        "places": ", ".join(sorted({arrival["location"] for arrival in arrivals})),
        "arrived": ", ".join(
            f"{arrival['quantity']} x {arrival['sku']} ({_plain(arrival['disposition'])})"
            for arrival in arrivals
        ),
        "ended": "called off" if data.get("state") == "cancelled" else "closed",
    }


def _units(lines: list[dict[str, Any]]) -> str:
    return ", ".join(
        f"{line.get('quantity', line.get('ordered'))} x {line.get('sku')}"
        + (f" ({_plain(line['reason'])})" if line.get("reason") else "")
        for line in lines
    )


def _plain(reason: str) -> str:
    """Write a code such as not_found as words; a person's own text stays unchanged."""
    return reason.replace("_", " ") if reason.isidentifier() else reason
