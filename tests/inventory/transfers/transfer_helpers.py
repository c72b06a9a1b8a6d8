"""Drafting, dispatching and receiving transfers through the API."""

from __future__ import annotations

from typing import Any

from tests.conftest import ApiCaller


def body(*lines: tuple[Any, Any], **more: Any) -> dict[str, Any]:
    return {
        "from": "W1",
        "to": "S1",
        "lines": [{"sku": sku, "quantity": quantity} for sku, quantity in lines],
    } | more


def shown(sku: str, quantity: int, **more: int) -> dict[str, Any]:
    """A line of a transfer's document, zero where `more` does not say."""
    counts = ("received", "lost", "left_behind", "surplus", "damaged", "loaded", "unloaded")
    return {"sku": sku, "quantity": quantity} | dict.fromkeys(counts, 0) | more


def draft(api: ApiCaller, *lines: tuple[str, int], **more: Any) -> str:
    answer = api.post("transfers", body(*lines, **more))
    assert answer.status_code == 201, answer.content
    return answer.json()["id"]


def dispatched(api: ApiCaller, *lines: tuple[str, int], **more: Any) -> str:
    transfer = draft(api, *lines, **more)
    assert api.post(f"transfers/{transfer}/dispatch").status_code == 200
    return transfer


def receive(api: ApiCaller, transfer: str, *lines: tuple[Any, Any], **more: Any) -> Any:
    given = [{"sku": sku, "quantity": quantity} for sku, quantity in lines]
    return api.post(f"transfers/{transfer}/receive", {"lines": given} | more)
