"""A short count breaks three promises: each is kept elsewhere, waits, or is given back."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from inventory.models import StockMovement
from tests.conftest import ApiCaller, make_caller
from tests.factories import (
    BinFactory,
    ChannelFactory,
    LocationFactory,
    OrderBody,
    OrderLineBody,
    PlacementFactory,
    SkuFactory,
    stock_up,
)
from tests.inventory.laws import assert_pool_laws
from tests.orders.fulfilment_helpers import assert_laws_hold, stock

pytestmark = pytest.mark.django_db


@pytest.fixture
def retailer() -> None:
    """Ten mugs in two bins of a warehouse, two more in a shop, three channels."""
    warehouse = LocationFactory(code="W1")
    shop = LocationFactory(code="S1", store=True, priority=200)
    mug = SkuFactory(code="MUG")
    for code, walk in (("L", 1), ("R", 2)):
        shelf = BinFactory(location=warehouse, code=code, walk=walk)
        PlacementFactory(sku=mug, bin=shelf)
    stock_up(mug, warehouse, 10)
    stock_up(mug, shop, 2)
    for channel in ("web", "call_centre", "marketplace"):
        ChannelFactory(code=channel)


def done(answer: Any) -> Any:
    assert answer.status_code in (200, 201), answer.json()
    return answer.json()


def place(api: ApiCaller, channel: str, external_id: str, units: int, **more: Any) -> str:
    line = OrderLineBody(sku="MUG", quantity=units, unit_price="8.00")
    body = OrderBody(channel=channel, external_id=external_id, lines=[line])
    number: str = done(api.post("orders", body | more))["number"]
    return number


def seen(quantity: int, shelf: str) -> dict[str, Any]:
    entry = {"entry_id": str(uuid.uuid4()), "sku": "MUG", "bin": shelf, "quantity": quantity}
    return {"entries": [entry]}


def story(api: ApiCaller, number: str) -> list[str]:
    return [entry["text"] for entry in done(api.get(f"orders/{number}/timeline"))["results"]]


def line_of(api: ApiCaller, number: str) -> dict[str, Any]:
    (line,) = done(api.get(f"orders/{number}"))["lines"]
    return {name: line[name] for name in ("reserved", "backordered", "cancelled", "fulfilled")}


def ship(api: ApiCaller, number: str) -> None:
    (fulfilment,) = done(api.get(f"orders/{number}"))["fulfilments"]
    address = f"fulfilments/{fulfilment['id']}"
    done(api.post(f"{address}/pick", {"lines": [{"line_id": "1", "quantity": 4}]}))
    done(api.post(f"{address}/pack"))
    done(api.post(f"{address}/ship", {"carrier": "Royal Mail", "tracking_number": "RM1"}))


def test_a_short_count_breaks_the_newest_promises_and_each_order_says_what_followed(
    api: ApiCaller, retailer: None
) -> None:
    # Every mug of the warehouse is promised: to an old order, and to three newer ones.
    old = place(api, "web", "W-1", 4)
    moved_on = place(api, "marketplace", "M-1", 2)
    waiting = place(api, "call_centre", "C-1", 2, allow_backorder=True)
    given_back = place(api, "web", "W-2", 2)
    assert stock("MUG", "W1") == (10, 10, 0)
    done(api.get("events"))
    before = done(api.get("events", after=0, limit=200))["results"][-1]["sequence"]

    # Two people count, each their bin, and neither sees the record.
    ann, bob, eve = (
        make_caller(["stock:read", "stock:write", "orders:read"], locations=["W1"])
        for _ in range(3)
    )
    choice = {"location": "W1", "name": "Aisle 1", "select": {"bins": ["L"]}}
    count = done(ann.post("stock/counts", choice))
    address = f"stock/counts/{count['id']}"
    assert [line["bin"] for line in count["lines"]] == ["L", "R"]
    done(ann.post(f"{address}/entries", seen(3, "L")))
    told = done(bob.post(f"{address}/entries", seen(1, "R")))["count"]
    assert (told["review"], "recorded" in str(told["lines"])) == ([], False)

    # The old order leaves while the count is in review: its four are not missed twice.
    review = done(bob.post(f"{address}/submit"))["review"]
    assert [(row["counted"], row["recorded"], row["variance"]) for row in review] == [(4, 10, -6)]
    ship(api, old)

    # Far off: neither of the two may stand by it, and nothing happens until a third does.
    for who in (ann, bob):
        assert who.post(f"{address}/approve").json()["code"] == "counted_by_yourself"
    assert bob.post(f"{address}/apply").json()["code"] == "approval_needed"
    assert stock("MUG", "W1") == (6, 6, 0)
    done(eve.post(f"{address}/approve"))
    applied = done(bob.post(f"{address}/apply"))
    assert applied["state"] == "applied"
    assert [each["reference"] for each in applied["broken"]] == [given_back, waiting, moved_on]
    correction = StockMovement.objects.get(reason="cycle_count")
    assert (correction.on_hand_delta, correction.reference) == (-6, f"counts/{count['id']}")

    # The old order is as it was; of the three, one is kept elsewhere, one waits, one is given back.
    nothing = {"reserved": 0, "backordered": 0, "cancelled": 0, "fulfilled": 0}
    assert line_of(api, old) == nothing | {"fulfilled": 4}
    assert line_of(api, moved_on) == nothing | {"reserved": 2}
    assert line_of(api, waiting) == nothing | {"backordered": 2}
    assert line_of(api, given_back) == nothing | {"cancelled": 2}
    assert (stock("MUG", "W1"), stock("MUG", "S1")) == ((0, 0, 0), (2, 2, 0))

    # Each order tells which count it was, and what followed.
    found = f"2 x MUG were not at W1 after all: count {count['id']} found fewer"
    assert story(api, moved_on)[2:] == [
        found,
        f"W1 could not give anything for {moved_on}-1 any more",
        "S1 is to ship 2 x MUG",
    ]
    assert story(api, waiting)[2:] == [
        found,
        f"W1 could not give anything for {waiting}-1 any more",
        f"Waiting for stock: 2 x MUG (count {count['id']} found fewer)",
    ]
    assert story(api, given_back)[2:] == [
        found,
        f"W1 could not give anything for {given_back}-1 any more",
        f"Cancelled: 2 of line 1 (count {count['id']} found fewer)",
        f"Refund of 16.00 GBP asked for (count {count['id']} found fewer)",
    ]
    assert not any("count" in text for text in story(api, old))

    # And each is an event, for those who talk to the customers.
    news = done(api.get("events", after=before, limit=200))["results"]
    heard = [(event["type"], event["data"].get("order")) for event in news]
    assert [order for type_, order in heard if type_ == "reservation.broken"] == [
        moved_on,
        waiting,
        given_back,
    ]
    assert ("fulfilment.assigned", moved_on) in heard
    assert ("order.line_backordered", waiting) in heard
    assert ("order.cancelled", f"orders/{given_back}") in [(e["type"], e["subject"]) for e in news]
    refunds = [event["data"]["amount"] for event in news if event["type"] == "refund.requested"]
    assert refunds == ["16.00"]

    # Goods come in: who waited is served first.
    receipt = {"location": "W1", "reference": "PO-1", "lines": [{"sku": "MUG", "quantity": 2}]}
    done(api.post("receipts", receipt))
    assert line_of(api, waiting) == nothing | {"reserved": 2}

    assert done(api.get("integrity"))["ok"] is True
    assert_pool_laws()
    assert_laws_hold()
