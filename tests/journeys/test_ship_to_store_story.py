"""Bought for a shop that has none: another building sends it, one unit gets lost on the way."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.conftest import ApiCaller, make_caller
from tests.factories import LocationBody, OrderBody, OrderLineBody
from tests.inventory.laws import assert_pool_laws
from tests.orders.fulfilment_helpers import show_pass, stock

pytestmark = pytest.mark.django_db
LAMP = "5012345678900"
HOURS = {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}


def ok(answer: Any) -> dict[str, Any]:
    assert answer.status_code in (200, 201), answer.content
    return answer.json()


def building(api: ApiCaller, code: str, capabilities: list[str], latitude: float) -> None:
    ok(
        api.put(
            f"locations/{code}",
            LocationBody(
                name=code.title(),
                kind="store" if "pickup" in capabilities else "warehouse",
                latitude=latitude,
                capabilities=capabilities,
                hours=HOURS,
            ),
        )
    )


@pytest.fixture(autouse=True)
def retailer(api: ApiCaller) -> None:
    """A shop without lamps, a warehouse near it with four, one far away with nine."""
    ok(api.put("skus/LAMP", {"name": "Lamp", "barcodes": [LAMP]}))
    building(api, "SOHO", ["pickup"], 51.5)
    building(api, "NEAR", ["ships"], 51.9)
    building(api, "FAR", ["ships"], 55.9)
    ok(api.put("channels/web", {"name": "Web site", "kind": "web", "locations": "all"}))
    for place, units in (("NEAR", 4), ("FAR", 9)):
        lines = [{"sku": "LAMP", "quantity": units}]
        ok(api.post("receipts", {"location": place, "reference": "PO-1", "lines": lines}))


def at(*locations: str) -> ApiCaller:
    """The key of a building's devices."""
    scopes = ["orders:read", "fulfilment:write", "stock:read", "stock:write"]
    return make_caller(scopes, locations=list(locations))


def buy(units: int) -> dict[str, Any]:
    web = make_caller(["orders:read", "orders:write"], channels=["web"])
    return ok(
        web.post(
            "orders",
            OrderBody(
                external_id=uuid.uuid4().hex,
                lines=[
                    OrderLineBody(
                        sku="LAMP",
                        quantity=units,
                        unit_price="20.00",
                        fulfilment={"type": "pickup", "location": "SOHO"},
                    )
                ],
            ),
        )
    )


def scan(units: int) -> dict[str, Any]:
    return {"scans": [{"scan_id": str(uuid.uuid4()), "payload": LAMP, "quantity": units}]}


def test_from_another_building_to_the_customer(api: ApiCaller) -> None:
    soho, near = at("SOHO"), at("NEAR")

    # The site says when three lamps would be in Soho, and the order promises just that.
    asked = ok(
        api.post(
            "availability/query",
            {
                "channel": "web",
                "lines": [{"sku": "LAMP", "quantity": 3}],
                "locations": ["SOHO"],
            },
        )
    )
    (offer,) = asked["lines"][0]["locations"]
    assert (offer["sellable"], offer["pickup"]["available"]) == (0, True)
    order = buy(3)
    (fulfilment,) = order["fulfilments"]
    assert (fulfilment["location"], fulfilment["source"], fulfilment["transfer"]) == (
        "SOHO",
        "NEAR",
        None,
    )
    assert fulfilment["promise"]["ready_by"] == offer["pickup"]["ready_by"]
    assert stock("LAMP", "NEAR") == (4, 3, 0)

    # Near picks and packs it; Soho sees it coming and has nothing to do.
    code = fulfilment["id"]
    for keys, place in ((near, "NEAR"), (soho, "SOHO")):
        (listed,) = ok(keys.get("fulfilments", location=place))["results"]
        assert listed["id"] == code
    assert soho.post("pick-lists", {"location": "SOHO"}).status_code == 409
    assert soho.post(f"fulfilments/{code}/accept").status_code == 404
    walk = ok(near.post("pick-lists", {"location": "NEAR"}))
    assert [line["fulfilment"] for line in walk["lines"]] == [code]
    ok(near.post(f"pick-lists/{walk['id']}/scans", scan(3)))
    packed = ok(near.post(f"fulfilments/{code}/pack"))
    assert packed["state"] == "packed"
    assert packed["allowed_actions"] == ["ship", "unpack", "move", "reject", "cancel"]
    transfer = ok(near.get(f"transfers/{packed['transfer']}"))
    assert (transfer["state"], transfer["reference"]) == ("draft", code)

    # It leaves: the goods are in no building, and no reservation is on them.
    sent = ok(near.post(f"fulfilments/{code}/ship", {"carrier": "Own van"}))
    assert (sent["state"], sent["allowed_actions"]) == ("in_transit", ["turn-back", "cancel"])
    assert stock("LAMP", "NEAR") == (1, 0, 0)
    assert ok(api.get("integrity"))["ok"]

    # Two come; they are the customer's at once, and not yet all.
    came = {"lines": [{"sku": "LAMP", "quantity": 2}]}
    assert near.post(f"transfers/{transfer['id']}/receive", came).status_code == 404
    ok(soho.post(f"transfers/{transfer['id']}/receive", came))
    (row,) = ok(api.get("stock", sku="LAMP", location="SOHO"))["results"]
    assert (row["on_hand"], row["reserved"], row["incoming"]) == (2, 2, 1)
    assert ok(api.get(f"fulfilments/{code}"))["state"] == "in_transit"
    assert ok(api.get("integrity"))["ok"]

    # The third will not: it is sent again, and the two wait for their customer.
    ok(soho.post(f"transfers/{transfer['id']}/receive", {"close": True}))
    first, second = ok(api.get(f"orders/{order['number']}"))["fulfilments"]
    assert (first["state"], first["lines"][0]["quantity"]) == ("ready", 2)
    assert first["pickup_expires_at"] is not None
    assert (second["source"], second["state"]) == ("NEAR", "open")
    assert second["lines"][0]["quantity"] == 1
    assert ok(api.get("integrity"))["ok"]
    bay = ok(soho.post(f"fulfilments/{code}/ready", {"bay": "7"}))
    assert (bay["state"], bay["bay"]) == ("ready", "7")
    shown = ok(show_pass(code))
    assert near.post(f"fulfilments/{code}/collect", {"code": shown["code"]}).status_code == 404
    ok(soho.post(f"fulfilments/{code}/collect", {"code": shown["code"]}))

    # The other one follows, scanned into the van and out of it.
    code = second["id"]
    ok(near.post(f"fulfilments/{code}/pick", {"lines": [{"line_id": "1", "quantity": 1}]}))
    packed = ok(near.post(f"fulfilments/{code}/pack"))
    address = f"transfers/{packed['transfer']}"
    assert (
        near.post(f"{address}/dispatch", {"as_scanned": True}).json()["code"] == "transfer_promised"
    )
    assert near.post(f"{address}/cancel").json()["code"] == "transfer_promised"
    ok(near.post(f"{address}/scans", scan(1)))
    ok(near.post(f"{address}/dispatch", {"as_scanned": True}))
    ok(soho.post(f"{address}/scans", scan(1)))
    ok(soho.post(f"{address}/receive", {"as_scanned": True}))
    assert ok(api.get(f"fulfilments/{code}"))["state"] == "ready"
    shown = ok(show_pass(code))
    ok(soho.post(f"fulfilments/{code}/collect", {"qr": shown["qr"]}))

    assert ok(api.get(f"orders/{order['number']}"))["state"] == "completed"
    assert (stock("LAMP", "SOHO"), stock("LAMP", "NEAR")) == ((0, 0, 0), (0, 0, 0))
    assert ok(api.get("integrity"))["ok"]
    assert_pool_laws()
    told = [line["text"] for line in ok(api.get(f"orders/{order['number']}/timeline"))["results"]]
    number = order["number"]
    assert told[1:] == [
        "NEAR is to send 3 x LAMP to SOHO for pickup",
        f"NEAR is picking {number}-1",
        f"NEAR packed {number}-1",
        f"NEAR sent {number}-1 to SOHO with Own van",
        f"SOHO received 2 x LAMP of {number}-1",
        f"SOHO received nothing of {number}-1; 1 x LAMP will not come",
        f"{number}-1 waits for the customer at SOHO",
        "NEAR is to send 1 x LAMP to SOHO for pickup",
        f"SOHO handed over 2 x LAMP of {number}-1",
        f"NEAR is picking {number}-2",
        f"NEAR packed {number}-2",
        f"NEAR sent {number}-2 to SOHO",
        f"SOHO received 1 x LAMP of {number}-2",
        f"{number}-2 waits for the customer at SOHO",
        f"SOHO handed over 1 x LAMP of {number}-2",
        "Completed",
    ]
