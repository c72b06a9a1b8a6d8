"""Units that may not be sold, seen through the API."""

from __future__ import annotations

from typing import Any

from inventory.choices import Condition
from inventory.models import StockMovement
from tests.conftest import ApiCaller
from tests.factories import ReturnBody
from tests.orders.fulfilment_helpers import place, step

CONDITIONS = [condition.value for condition in Condition]


def line(origin: str, outcome: str, quantity: Any, **more: Any) -> dict[str, Any]:
    named = {"from": origin, "to": outcome, "quantity": quantity}
    return {"sku": "A1", "location": "W1"} | named | more


def move(api: ApiCaller, *lines: dict[str, Any]) -> Any:
    return api.post("stock/unavailable", {"reference": "N1", "lines": lines})


def moved(api: ApiCaller, *lines: dict[str, Any]) -> Any:
    answer = move(api, *lines)
    assert answer.status_code == 201, answer.content
    return answer.json()


def kept(api: ApiCaller, sku: str = "A1", location: str = "W1") -> dict[str, int]:
    """Return the conditions in which there are units."""
    rows = api.get("stock/unavailable", sku=sku, location=location).json()["results"]
    return {name: row[name] for row in rows for name in CONDITIONS if row[name]}


def moves(count: int) -> list[tuple[str, int, int]]:
    """Return the last movements, oldest first: (reason, on_hand, unavailable)."""
    rows = StockMovement.objects.order_by("-id").values_list(
        "reason", "on_hand_delta", "unavailable_delta"
    )
    return list(reversed(rows[:count]))


def returned(api: ApiCaller, *dispositions: str) -> str:
    """Sell units and take them back, one in each disposition; return the return's id."""
    number, quantity = len(dispositions), len(dispositions)
    bought = place(api, ("A1", number))
    fulfilment = bought["fulfilments"][0]["id"]
    for action, body in (
        ("pick", {"lines": [{"line_id": "1", "quantity": quantity}]}),
        ("pack", {}),
        ("ship", {"carrier": "Post", "tracking_number": "1"}),
    ):
        step(api, fulfilment, action, body)
    lines = [{"line_id": "1", "quantity": quantity, "reason": "too small"}]
    body = ReturnBody(order=bought["number"], lines=lines)
    identity: str = api.post("returns", body).json()["id"]
    arrivals = [{"line_id": "1", "quantity": 1, "disposition": each} for each in dispositions]
    answer = api.post(f"returns/{identity}/receipts", {"location": "W1", "lines": arrivals})
    assert answer.status_code == 201, answer.content
    return identity


def dispose(api: ApiCaller, ret: str, disposition: str) -> Any:
    decision = {"line_id": "1", "quantity": 1, "location": "W1", "disposition": disposition}
    return api.post(f"returns/{ret}/dispositions", {"lines": [decision]})


def adjust(api: ApiCaller, reason: str, on_hand: int = 0, unavailable: int = 0) -> Any:
    difference = {"on_hand_delta": on_hand, "unavailable_delta": unavailable}
    sent = {"sku": "A1", "location": "W1"} | difference
    return api.post("stock/adjustments", {"reason": reason, "lines": [sent]})
