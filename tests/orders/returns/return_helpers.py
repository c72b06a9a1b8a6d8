"""Selling, announcing and receiving returns through the API."""

from __future__ import annotations

from typing import Any

from core.audit.models import AuditRecord
from core.outbox.models import Event
from inventory.models import Stock, StockMovement
from orders.models import Return, ReturnLine, ReturnReceiptLine
from tests.conftest import ApiCaller
from tests.factories import OrderBody, OrderLineBody, ReturnBody


def buy(api: ApiCaller, *lines: tuple[str, int], **fields: Any) -> str:
    """Sell at the till: the goods are out of the door at once. Returns the order's number."""
    body = OrderBody(
        channel="pos",
        external_id=f"T-{Return.objects.count()}-{Event.objects.count()}",
        lines=[
            OrderLineBody(
                line_id=str(number),
                sku=sku,
                quantity=quantity,
                unit_price="19.99",
                fulfilment={"type": "carry_out", "location": "S1"},
            )
            for number, (sku, quantity) in enumerate(lines, start=1)
        ],
    )
    answer = api.post("orders", body | fields)
    assert answer.status_code == 201, answer.json()
    return answer.json()["number"]


def announce(api: ApiCaller, number: str | None, *lines: dict[str, Any], **fields: Any) -> Any:
    body: dict[str, Any] = ReturnBody(lines=[{"reason": "too small"} | line for line in lines])
    if number:
        body["order"] = number
    return api.post("returns", body | fields)


def announced(api: ApiCaller, number: str | None, *lines: dict[str, Any], **fields: Any) -> Any:
    answer = announce(api, number, *lines, **fields)
    assert answer.status_code == 201, answer.json()
    return answer.json()


def receive(api: ApiCaller, ret: str, *lines: dict[str, Any], location: str = "S2") -> Any:
    return api.post(
        f"returns/{ret}/receipts",
        {"location": location, "lines": [{"disposition": "restock"} | line for line in lines]},
    )


def received(api: ApiCaller, ret: str, *lines: dict[str, Any], location: str = "S2") -> Any:
    answer = receive(api, ret, *lines, location=location)
    assert answer.status_code == 201, answer.json()
    return answer.json()


def balances(sku: str, location: str) -> tuple[int, int, int] | None:
    return (
        Stock.objects.filter(sku__code=sku, location__code=location)
        .values_list("on_hand", "reserved", "unavailable")
        .first()
    )


def movements_of(ret: str) -> list[tuple[str, int, int]]:
    rows = StockMovement.objects.filter(reference=f"return/{ret}").order_by("id")
    return list(rows.values_list("reason", "on_hand_delta", "unavailable_delta"))


def event_types(ret: str) -> list[str]:
    events = Event.objects.filter(subject=f"returns/{ret}").order_by("id")
    return list(events.values_list("type", flat=True))


def counts() -> tuple[int, ...]:
    models = (Return, ReturnLine, ReturnReceiptLine, StockMovement, Event, AuditRecord)
    return tuple(model.objects.count() for model in models)


def dispose(api: ApiCaller, ret: str, *lines: dict[str, Any]) -> Any:
    return api.post(f"returns/{ret}/dispositions", {"lines": list(lines)})
