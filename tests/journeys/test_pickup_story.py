"""Bought on the web, collected in the shop; and what becomes of goods that are not collected."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.conftest import ApiCaller, make_caller
from tests.factories import LocationBody, OrderBody, OrderLineBody
from tests.orders.fulfilment_helpers import end_waiting

pytestmark = pytest.mark.django_db(transaction=True)
LAMP = "5012345678900"


def ok(answer: Any) -> dict[str, Any]:
    assert answer.status_code in (200, 201), answer.content
    return answer.json()


@pytest.fixture
def web(api: ApiCaller) -> ApiCaller:
    """The web site's own key, in a retailer with one shop and three lamps."""
    ok(api.put("skus/LAMP", {"name": "Lamp", "barcodes": [LAMP]}))
    ok(
        api.put(
            "locations/SOHO",
            LocationBody(capabilities=["pickup", "returns"], hours={"mon": [["09:00", "18:00"]]}),
        )
    )
    ok(api.put("channels/web", {"name": "Web site", "kind": "web", "locations": "all"}))
    lines = [{"sku": "LAMP", "quantity": 3}]
    ok(api.post("receipts", {"location": "SOHO", "reference": "PO-1", "lines": lines}))
    return make_caller(["orders:read", "orders:write", "pickup:pass"], channels=["web"])


@pytest.fixture
def till() -> ApiCaller:
    """The key of the shop's devices: it hands over, and must not know the codes."""
    return make_caller(["orders:read", "fulfilment:write"], locations=["SOHO"])


def buy(web: ApiCaller, external_id: str) -> dict[str, Any]:
    return ok(
        web.post(
            "orders",
            OrderBody(
                external_id=external_id,
                payment_reference=f"pay-{external_id}",
                customer={"email": "ada@example.org"},
                lines=[
                    OrderLineBody(
                        sku="LAMP",
                        unit_price="45.00",
                        fulfilment={"type": "pickup", "location": "SOHO"},
                    )
                ],
            ),
        )
    )


def fetch(till: ApiCaller) -> str:
    """Fetch the next order from the shelf and put it into the bay; return its fulfilment."""
    pick_list = ok(till.post("pick-lists", {"location": "SOHO", "mode": "single"}))
    scan = {"scan_id": str(uuid.uuid4()), "payload": LAMP}
    ok(till.post(f"pick-lists/{pick_list['id']}/scans", {"scans": [scan]}))
    ok(till.post(f"pick-lists/{pick_list['id']}/complete"))
    code = str(pick_list["lines"][0]["fulfilment"])
    ok(till.post(f"fulfilments/{code}/ready", {"bay": "B2"}))
    return code


def stock(api: ApiCaller) -> tuple[int, int]:
    (row,) = ok(api.get("stock", sku="LAMP"))["results"]
    return row["on_hand"], row["reserved"]


def test_the_customer_shows_the_pass_and_takes_the_lamp(
    api: ApiCaller, web: ApiCaller, till: ApiCaller
) -> None:
    order = buy(web, "W-1")
    assert order["fulfilments"][0]["promise"]["ready_by"]
    code = fetch(till)
    assert till.get(f"fulfilments/{code}/pickup-pass").status_code == 403
    shown = ok(web.get(f"fulfilments/{code}/pickup-pass"))
    assert web.post(f"fulfilments/{code}/collect", {"code": shown["code"]}).status_code == 403
    assert stock(api) == (3, 1)
    ok(till.post(f"fulfilments/{code}/collect", {"qr": shown["qr"]}))
    assert stock(api) == (2, 0)
    assert ok(web.get(f"orders/{order['number']}"))["state"] == "completed"
    assert web.get(f"fulfilments/{code}/pickup-pass").status_code == 404


def test_a_lamp_that_is_not_collected_is_sold_to_another(
    api: ApiCaller, web: ApiCaller, till: ApiCaller
) -> None:
    order = buy(web, "W-1")
    code = fetch(till)
    end_waiting(code)
    ok(till.post(f"fulfilments/{code}/expire"))
    assert ok(web.get(f"orders/{order['number']}"))["state"] == "cancelled"
    assert ok(till.get(f"fulfilments/{code}"))["allowed_actions"] == ["put-back"]
    ok(till.post(f"fulfilments/{code}/put-back"))
    assert stock(api) == (3, 0)
    (refund,) = ok(api.get("events", types="refund.requested"))["results"]
    assert (refund["data"]["order"], refund["data"]["amount"]) == (order["number"], "45.00")
    for number in (2, 3, 4):
        buy(web, f"W-{number}")
    assert stock(api) == (3, 3)
    assert ok(api.get("integrity"))["ok"] is True
