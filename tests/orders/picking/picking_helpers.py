"""Pick lists through the API: starting, scanning, short picks."""

from __future__ import annotations

import uuid
from typing import Any

from inventory.models import Sku
from stores.models import Location
from tests.conftest import ApiCaller
from tests.factories import BinFactory, PlacementFactory

GTINS = {"A1": "05012345678900", "B1": "04006381333931", "C1": "C1-HOUSE"}


def put_in_bin(sku: Sku, location: Location, code: str, walk: int) -> None:
    PlacementFactory(sku=sku, bin=BinFactory(location=location, code=code, walk=walk))


def start(api: ApiCaller, **body: Any) -> dict[str, Any]:
    answer = api.post("pick-lists", {"location": "W1"} | body)
    assert answer.status_code == 201, answer.content
    return answer.json()


def scan(payload: str, quantity: int = 1, scan_id: str | None = None) -> dict[str, Any]:
    return {
        "scan_id": scan_id or str(uuid.uuid4()),
        "payload": payload,
        "quantity": quantity,
        "at": "2026-03-01T10:00:00Z",
    }


def send(api: ApiCaller, pick_list: dict[str, Any], *scans: dict[str, Any]) -> dict[str, Any]:
    answer = api.post(f"pick-lists/{pick_list['id']}/scans", {"scans": list(scans)})
    assert answer.status_code == 200, answer.content
    return answer.json()


def results(answer: dict[str, Any]) -> list[str]:
    return [scan["result"] for scan in answer["results"]]


def short(api: ApiCaller, pick_list: dict[str, Any], found: Any, line: int = 0) -> Any:
    identity = pick_list["lines"][line]["id"]
    return api.post(f"pick-lists/{pick_list['id']}/lines/{identity}/short", {"found": found})
