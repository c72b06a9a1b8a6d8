"""Rules that keep units from sale, seen through the API."""

from __future__ import annotations

from typing import Any

from inventory.queries.available.sellable import read_sellable
from stores.models import Channel, Location
from tests.conftest import ApiCaller

LONG_AGO, JUST_NOW = "2020-01-01T00:00:00.000Z", "2026-01-01T00:00:00.000Z"


SOME_DAY, LATER_STILL = "2090-01-01T00:00:00.000Z", "2095-01-01T00:00:00.000Z"


WALK_INS: dict[str, Any] = {
    "kind": "safety_stock",
    "channel": None,
    "quantity": 3,
    "sku": None,
    "category": "Shirts",
    "abc_class": "A",
    "location": "S1",
    "from": LONG_AGO,
    "until": SOME_DAY,
    "note": "For walk-ins",
}


def keep(api: ApiCaller, code: str, quantity: int, **more: Any) -> Any:
    """Put a rule: a ring fence where a channel is named, else safety stock."""
    kind = "ring_fence" if "channel" in more else "safety_stock"
    return api.put(f"keep-rules/{code}", {"kind": kind, "quantity": quantity} | more)


def kept(api: ApiCaller, code: str, quantity: int, **more: Any) -> dict[str, Any]:
    answer = keep(api, code, quantity, **more)
    assert answer.status_code in (200, 201), answer.content
    return answer.json()


def sellable(channel: str = "web") -> dict[tuple[str, str], int]:
    """Return what a channel may promise, by SKU and location."""
    snapshot = read_sellable(skus=["A1", "C1"], channel_id=Channel.objects.get(code=channel).pk)
    places = dict(Location.objects.values_list("pk", "code"))
    return {
        (sku, places[location_id]): units
        for sku, identity in snapshot.sku_ids.items()
        for location_id, units in snapshot.sellable[identity].items()
    }


def left(sku: str, location: str, channel: str = "web") -> int:
    return sellable(channel)[sku, location]
