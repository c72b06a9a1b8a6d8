"""A delivery that is announced, comes in parts, and is not what the papers said."""

from __future__ import annotations

from typing import Any

import pytest

from orders.models import Fulfilment, OrderLine
from tests.conftest import ApiCaller
from tests.factories import BarcodeFactory, ChannelFactory, LocationFactory, SkuFactory
from tests.inventory.laws import assert_pool_laws
from tests.orders.fulfilment_helpers import assert_laws_hold, place, step

GTIN = "5012345678900"


def done(answer: Any) -> Any:
    assert answer.status_code in (200, 201), answer.content
    return answer.json()


def waiting() -> list[tuple[int, int]]:
    """Return (reserved, backordered) of every order line, the oldest first."""
    return list(OrderLine.objects.order_by("id").values_list("reserved", "backordered"))


def availability(api: ApiCaller) -> str:
    lines = [{"sku": "MUG", "quantity": 1}]
    answer = done(api.post("availability/query", {"channel": "web", "lines": lines}))
    state: str = answer["lines"][0]["state"]
    return state


@pytest.mark.django_db
def test_a_delivery_from_its_papers_to_the_last_box(api: ApiCaller) -> None:
    LocationFactory(code="W1")
    ChannelFactory(code="web")
    for code in ("MUG", "CUP", "JUG"):
        SkuFactory(code=code)
    BarcodeFactory(sku=SkuFactory(code="PLATE"), code=f"0{GTIN}")
    assert availability(api) == "out_of_stock"

    # The supplier announces; the shop may sell what it does not have yet.
    papers = {
        "location": "W1",
        "reference": "ASN-7",
        "supplier": "Pottery",
        "lines": [{"sku": "MUG", "quantity": 10}, {"barcode": GTIN, "quantity": 4}],
    }
    delivery = done(api.post("deliveries", papers))["id"]
    assert availability(api) == "backorder"
    first = place(api, ("MUG", 3), allow_backorder=True)
    place(api, ("MUG", 4), allow_backorder=True)
    assert waiting() == [(0, 3), (0, 4)]

    # Half a pallet: the oldest order is whole, the next one has what is left. One mug is broken.
    receipts = f"deliveries/{delivery}/receipts"
    part = {"lines": [{"sku": "MUG", "quantity": 6, "damaged": 1}]}
    assert done(api.post(receipts, part, key="pallet"))["state"] == "receiving"
    done(api.post(receipts, part, key="pallet"))  # the line dropped, the scanner sent it again
    assert waiting() == [(3, 0), (2, 2)]
    assert set(Fulfilment.objects.values_list("state", flat=True)) == {"open"}
    (stock,) = done(api.get("stock", sku="MUG"))["results"]
    assert (stock["on_hand"], stock["reserved"], stock["unavailable"]) == (6, 5, 1)
    assert stock["incoming"] == 4
    (apart,) = done(api.get("stock/unavailable"))["results"]
    assert (apart["sku"], apart["damaged"]) == ("MUG", 1)

    # The rest: more plates than announced, and a jug that was not announced. No mugs: that is it.
    rest = [{"barcode": GTIN, "quantity": 5}, {"sku": "JUG", "quantity": 1}]
    closed = done(api.post(receipts, {"lines": rest, "close": True}))
    assert closed["state"] == "received"
    told = {
        line["sku"]: [line[name] for name in ("expected", "received", "damaged", "outstanding")]
        for line in closed["lines"]
    }
    assert told == {"MUG": [10, 6, 1, 4], "PLATE": [4, 5, 0, 0], "JUG": [0, 1, 0, 0]}
    assert done(api.get("stock", sku="MUG"))["results"][0]["incoming"] == 0
    assert availability(api) == "out_of_stock"

    # Two mugs turn up after all, and the second customer is served.
    done(api.post(receipts, {"lines": [{"sku": "MUG", "quantity": 2}]}))
    assert waiting() == [(3, 0), (4, 0)]

    # The first order leaves the building.
    (fulfilment,) = done(api.get(f"orders/{first['number']}"))["fulfilments"]
    step(api, fulfilment["id"], "pick", {"lines": [{"line_id": "1", "quantity": 3}]})
    step(api, fulfilment["id"], "pack")
    step(api, fulfilment["id"], "ship", {"carrier": "Post", "tracking_number": "1"})

    # The broken mug goes back to the pottery.
    away = {"sku": "MUG", "location": "W1", "quantity": 1, "from": "damaged", "to": "to_vendor"}
    done(api.post("stock/unavailable", {"reference": "CLAIM-1", "lines": [away]}))
    (stock,) = done(api.get("stock", sku="MUG"))["results"]
    assert (stock["on_hand"], stock["reserved"], stock["unavailable"]) == (4, 4, 0)

    types = [event["type"] for event in done(api.get("events", types="delivery.*"))["results"]]
    assert types == ["delivery.expected"] + ["delivery.received"] * 3
    assert done(api.get("integrity"))["ok"]
    assert_pool_laws()
    assert_laws_hold()
