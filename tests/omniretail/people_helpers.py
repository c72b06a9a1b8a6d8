"""A person who leaves traces in everything that the API and the admin show."""

from __future__ import annotations

import json
import uuid
from typing import Any

from core.outbox.models import Event
from orders.models import Fulfilment
from tests.conftest import ApiCaller
from tests.factories import (
    BarcodeFactory,
    ChannelFactory,
    LocationFactory,
    OrderBody,
    SkuFactory,
    stock_up,
)
from tests.inventory.counting.counting_helpers import start
from tests.inventory.deliveries.delivery_helpers import expected
from tests.inventory.transfers.transfer_helpers import draft
from tests.omniretail.files.import_helpers import bring_in
from tests.orders.fulfilment_helpers import step, units
from tests.orders.returns.return_helpers import announced

NAME, PROXY = "Quennell Zytkow", "Ximena Vuković"
PERSON = {
    "external_id": "quennell.id@shop.example",
    "name": NAME,
    "email": "quennell@zytkow.example",
    "phone": "+44 20 7946 7531",
}
HOME = {
    "name": NAME,
    "line1": "97 Fennimore Wharf",
    "line2": "Flat Zwölf",
    "city": "Brackenthwaite",
    "region": "Borsetshire",
    "postal_code": "QZ7 9XX",
    "country": "GB",
    "phone": "+44 20 7946 7531",
    "latitude": 51.43217,
    "longitude": -0.43217,
}
NOTE = "leave it with Aunt Ottoline"
# A part of each, so that no other spelling of it goes unseen; no time holds one by chance.
MARKS = (
    "Quennell", "Zytkow", "quennell", "zytkow", "6 7531", "67531", "Fennimore",
    "Zwölf", "Brackenthwaite", "Borsetshire", "9XX", "51.43217", "-0.43217",
    "Ottoline", "Ximena", "Vukovi",
)  # fmt: skip


def marks_in(text: str) -> list[str]:
    return [mark for mark in MARKS if mark in text]


def text_of(answer: Any) -> str:
    """Return what an answer says: the body, and the headers."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    text = body.decode()
    if answer.headers.get("Content-Type", "").startswith("application/"):
        text = json.dumps(json.loads(text), ensure_ascii=False)
    return text + str(dict(answer.headers))


def live(api: ApiCaller) -> dict[str, str]:
    """Let the person order, collect and send back; return one of everything by its address."""
    ChannelFactory(code="web")
    LocationFactory(code="S1", store=True, returns=True)
    stock_up(SkuFactory(code="A1"), LocationFactory(code="W1"), 50)
    stock_up(SkuFactory(code="A1"), LocationFactory(code="S1"), 50)
    BarcodeFactory(sku=SkuFactory(code="A1"), code="05012345678900")
    SkuFactory(code="C1")
    sold = _order(api, "W-1")
    (gone,) = _codes(sold)
    for action, body in (
        ("pick", units(("1", 1))),
        ("pack", None),
        ("ship", {"carrier": "x", "tracking_number": "1"}),
    ):
        step(api, gone, action, body)
    back = announced(
        api, sold["number"], {"line_id": "1", "quantity": 1}, drop_off={"type": "parcel"}
    )["id"]
    _collect(api)
    order = _order(api, "W-3")
    (code,) = _codes(order)
    walk = api.post("pick-lists", {"location": Fulfilment.objects.get(code=code).location.code,
                                   "fulfilments": [code]}).json()["id"]  # fmt: skip
    scan = {"scan_id": str(uuid.uuid4()), "payload": "(01)05012345678900(10)L1(21)S1"}
    api.post(f"pick-lists/{walk}/scans", {"scans": [scan]})
    cart = {"channel": "web", "reference": "c", "ttl_seconds": 600}
    held = api.post("reservations", cart | {"lines": [{"sku": "A1", "quantity": 1}]}).json()
    api.put("keep-rules/K", {"kind": "safety_stock", "quantity": 1, "note": "for the fair"})
    bad, dry = _files(api)
    return {
        "channels": "web", "customers": order["customer_id"],
        "deliveries": expected(api, ("A1", 1)), "fulfilments": code, "imports": bad,
        "imports/{id}/changes": dry, "keep-rules": "K", "locations": "W1", "lots": "L1",
        "orders": order["number"], "orders/{number}/timeline": Event.objects.get(
            type="fulfilment.collected"
        ).order,
        "pick-lists": walk, "products": "none", "reservations": held["id"], "returns": back,
        "scan": f"omni:order:{order['number']}", "serials": "S1", "skus": "A1",
        "stock/counts": start(api)["id"], "transfers": draft(api, ("A1", 1)),
    }  # fmt: skip


def _order(api: ApiCaller, external_id: str, **more: Any) -> dict[str, Any]:
    body = OrderBody(external_id=external_id, customer=PERSON, ship_to=HOME, note=NOTE)
    answer = api.post("orders", body | more)
    assert answer.status_code == 201, answer.content
    placed: dict[str, Any] = answer.json()
    return placed


def _codes(order: dict[str, Any]) -> list[str]:
    return [fulfilment["id"] for fulfilment in order["fulfilments"]]


def _collect(api: ApiCaller) -> None:
    """Have an order fetched by someone whom the person has sent."""
    line = {"line_id": "1", "sku": "A1", "quantity": 1, "unit_price": "1.00"}
    way = {"type": "pickup", "location": "S1"}
    (code,) = _codes(_order(api, "W-2", lines=[line | {"fulfilment": way}]))
    step(api, code, "pick", units(("1", 1)))
    step(api, code, "ready")
    seen = {"identity": {"document": "passport"}, "collected_by": PROXY}
    step(api, code, "collect", seen)


def _files(api: ApiCaller) -> tuple[str, str]:
    """Send a file with bad rows and a dry run; return their ids."""
    columns = [
        *("channel", "external_id", "currency", "line_id", "sku", "quantity", "unit_price", "note"),
        *(f"customer_{part}" for part in PERSON),
        *(f"ship_to_{part}" for part in HOME if part not in ("latitude", "longitude")),
    ]
    people = [NOTE, *PERSON.values(), *(str(HOME[c[8:]]) for c in columns if c[:8] == "ship_to_")]
    good = ",".join(["web", "F-1", "GBP", "1", "A1", "1", "1.00", *people])
    bad = good.replace("F-1,GBP,1,A1", "F-2,GBP,1,NONE")
    misshapen = ",".join(["web", NAME, "more", good])
    header = ",".join(columns)
    sent = bring_in(api, "orders", header, bad, misshapen)
    dry = bring_in(api, "orders", header, good, dry_run="true")
    assert (sent["rows_failed"], dry["rows_changed"]) == (2, 1)
    return sent["id"], dry["id"]
