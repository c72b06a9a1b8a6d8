"""Orders taken to where the tests begin."""

from __future__ import annotations

from typing import Any

from inventory.choices import Condition
from inventory.models import Sku
from inventory.queries.available.conditions import conditions_of
from stores.models import Location
from tests.conftest import ApiCaller
from tests.orders.fulfilment_helpers import place, step, units


def picked(api: ApiCaller, *lines: tuple[str, int], **more: Any) -> str:
    """Place an order of these lines and pick all of it; return its fulfilment."""
    fulfilment = place(api, *lines, **more)["fulfilments"][0]
    numbered = [(str(n), quantity) for n, (_, quantity) in enumerate(lines, start=1)]
    step(api, fulfilment["id"], "pick", units(*numbered))
    return str(fulfilment["id"])


def packed(api: ApiCaller, *lines: tuple[str, int], **more: Any) -> str:
    code = picked(api, *lines, **more)
    step(api, code, "pack")
    return code


def ready(api: ApiCaller, *lines: tuple[str, int]) -> str:
    code = picked(api, *lines, pickup_at="S1")
    step(api, code, "ready", {"bay": "7"})
    return code


def shipped(api: ApiCaller, *lines: tuple[str, int], **more: Any) -> str:
    code = packed(api, *lines, **more)
    step(api, code, "ship", {"carrier": "Post", "tracking_number": code})
    return code


def to_put_back(sku: str, location: str) -> int:
    pair = Sku.objects.get(code=sku).pk, Location.objects.get(code=location).pk
    return conditions_of([pair])[pair][Condition.TO_PUT_BACK]


def lying(*units_of: tuple[str, str, int]) -> list[dict[str, Any]]:
    """Say it as a fulfilment does: (SKU, location, units)."""
    return [
        {"sku": sku, "location": location, "quantity": quantity}
        for sku, location, quantity in units_of
    ]


def order_of(api: ApiCaller, code: str) -> dict[str, Any]:
    answer: dict[str, Any] = api.get(f"orders/{code.rpartition('-')[0]}").json()
    return answer
