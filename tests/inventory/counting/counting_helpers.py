"""Starting, entering and approving counts through the API."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from inventory import ledger
from inventory.choices import Reason
from inventory.ledger import Entry
from inventory.models import Sku
from stores.models import Location
from tests.conftest import ApiCaller, make_caller

NOON = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=6)


def moved(units: int, *, sku: str = "A1", hours: float, reason: str = Reason.RECEIPT) -> None:
    pair = Sku.objects.get(code=sku).pk, Location.objects.get(code="W1").pk
    ledger.open_rows([pair])
    at = NOON + timedelta(hours=hours)
    ledger.post([Entry(*pair, on_hand=units, reason=reason, occurred_at=at)], actor="floor")


def done(answer: Any) -> Any:
    assert answer.status_code in (200, 201), answer.json()
    return answer.json()


def start(api: ApiCaller, select: Any = None, **more: Any) -> dict[str, Any]:
    body = {"location": "W1", "select": select or {"skus": ["C1"]}} | more
    return done(api.post("stock/counts", body))


def seen(quantity: Any, sku: str = "C1", *, hours: float | None = None, **more: Any) -> Any:
    entry = {"entry_id": str(uuid.uuid4()), "sku": sku, "quantity": quantity} | more
    if hours is not None:
        entry["at"] = (NOON + timedelta(hours=hours)).isoformat()
    return entry


def enter(api: ApiCaller, count: dict[str, Any], *entries: Any) -> dict[str, Any]:
    answer = done(api.post(f"stock/counts/{count['id']}/entries", {"entries": list(entries)}))
    return answer["count"]


def act(api: ApiCaller, count: dict[str, Any], action: str, body: Any = None) -> dict[str, Any]:
    return done(api.post(f"stock/counts/{count['id']}/{action}", body))


def lines(count: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [(line["sku"], line["bin"], line["counted"]) for line in count["lines"]]


def skus(*codes: str) -> dict[str, Any]:
    return {"lines": [{"sku": code} for code in codes]}


def finished(api: ApiCaller, count: dict[str, Any], *entries: Any) -> dict[str, Any]:
    """Enter, submit, let another person approve, apply."""
    enter(api, count, *entries)
    act(api, count, "submit")
    act(make_caller(["stock:write"]), count, "approve")
    return act(api, count, "apply")
