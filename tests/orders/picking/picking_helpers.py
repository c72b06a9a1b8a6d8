"""Pick lists through the API: starting, scanning, short picks."""

from __future__ import annotations

import uuid
from typing import Any

from inventory.models import Sku
from stores.models import Location
from tests.conftest import ApiCaller
from tests.factories import BinFactory, PlacementFactory, UserFactory

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


def short(api: ApiCaller, pick_list: dict[str, Any], found: Any, line: int = 0, **more: Any) -> Any:
    """Say that fewer were found, whatever bins there are."""
    body = {"found": found, "everywhere": True} | more
    return api.post(f"{path_of(pick_list, line)}/short", body)


def path_of(pick_list: dict[str, Any], line: int = 0) -> str:
    return f"pick-lists/{pick_list['id']}/lines/{pick_list['lines'][line]['id']}"


def undo(api: ApiCaller, pick_list: dict[str, Any], one: dict[str, Any], **more: Any) -> Any:
    return api.post(f"pick-lists/{pick_list['id']}/scans/{one['scan_id']}/undo", more)


def undo_short(api: ApiCaller, pick_list: dict[str, Any], line: int = 0) -> Any:
    return api.post(f"{path_of(pick_list, line)}/short/undo")


def act(api: ApiCaller, pick_list: dict[str, Any], action: str, body: Any = None) -> Any:
    return api.post(f"pick-lists/{pick_list['id']}/{action}", body)


def member(name: str, role: str = "operative", **fields: Any) -> ApiCaller:
    """Return a member of staff who is signed in, and calls the API without a key."""
    caller = ApiCaller("")
    caller.headers = {}
    user = UserFactory(
        username=name, email=f"{name}@example.org", role=role, is_staff=True, **fields
    )
    caller.client.force_login(user)
    return caller
