"""Movements of A1 in W1 around noon, and counts of it through the API."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from inventory import ledger
from inventory.choices import Reason
from inventory.ledger import Entry
from inventory.models import Sku
from stores.models import Location
from tests.conftest import ApiCaller

NOON = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=6)


def moved(on_hand: int, *, hours: float, reason: str = Reason.RECEIPT, sku: str = "A1") -> None:
    """Let units of a SKU in W1 have moved so many hours after noon."""
    pair = Sku.objects.get(code=sku).pk, Location.objects.get(code="W1").pk
    ledger.open_rows([pair])
    at = NOON + timedelta(hours=hours)
    ledger.post([Entry(*pair, on_hand=on_hand, reason=reason, occurred_at=at)], actor="floor")


def count(api: ApiCaller, units: Any, *, hours: float | None = None, **more: Any) -> Any:
    """Count A1 in W1; `hours` after noon, or now."""
    body: dict[str, Any] = {
        "reason": "cycle_count",
        "lines": [{"sku": "A1", "location": "W1", "on_hand": units} | more],
    }
    if hours is not None:
        body["as_of"] = (NOON + timedelta(hours=hours)).isoformat()
    return api.post("stock/counts/apply", body)


def adjust_unavailable(api: ApiCaller, units: int, *, reason: str = "damaged") -> None:
    lines = [{"sku": "A1", "location": "W1", "unavailable_delta": units}]
    answer = api.post("stock/adjustments", {"reason": reason, "lines": lines})
    assert answer.status_code == 201
