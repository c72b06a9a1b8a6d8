"""A pickup whose goods another building sends, step by step."""

from __future__ import annotations

from typing import Any

from tests.conftest import ApiCaller
from tests.orders.fulfilment_helpers import assert_laws_hold, step, units

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def look(api: ApiCaller, order: dict[str, Any]) -> dict[str, Any]:
    return api.get(f"orders/{order['number']}").json()


def packed(api: ApiCaller, order: dict[str, Any], lines: int = 1) -> dict[str, Any]:
    """Pick and pack the order's first fulfilment; return it."""
    fulfilment = order["fulfilments"][0]
    picked = [(line["line_id"], line["quantity"]) for line in fulfilment["lines"]]
    step(api, fulfilment["id"], "pick", units(*picked))
    return step(api, fulfilment["id"], "pack")


def sent(api: ApiCaller, order: dict[str, Any]) -> str:
    """Send the order's first fulfilment; return the id of its transfer."""
    fulfilment = packed(api, order)
    step(api, fulfilment["id"], "ship")
    return str(fulfilment["transfer"])


def arrive(api: ApiCaller, transfer: str, *lines: tuple[str, int], **more: Any) -> Any:
    given = [{"sku": sku, "quantity": quantity} for sku, quantity in lines]
    answer = api.post(f"transfers/{transfer}/receive", {"lines": given} | more)
    assert answer.status_code == 200, answer.content
    return answer.json()


def states(order: dict[str, Any]) -> list[tuple[str | None, str, list[int]]]:
    return [
        (
            fulfilment["source"],
            fulfilment["state"],
            [line["quantity"] for line in fulfilment["lines"]],
        )
        for fulfilment in order["fulfilments"]
    ]


def laws(api: ApiCaller) -> None:
    report = api.get("integrity").json()
    assert report["ok"], report["violations"]
    assert_laws_hold()
