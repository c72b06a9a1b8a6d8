"""What is promised of goods that another building sends, and who hears of them."""

from __future__ import annotations

from typing import Any

import pytest

from inventory.models import Sku
from orders.models import Fulfilment
from stores.models import Channel, Location
from tests.conftest import ApiCaller, make_caller
from tests.factories import ChannelFactory, OrderBody, OrderLineBody, RingFenceFactory, stock_up
from tests.orders.fulfilment_helpers import place, refused, units
from tests.orders.ship_to_store.ship_to_store_helpers import arrive, laws, look, sent, states

pytestmark = pytest.mark.django_db


def test_arrived_units_stay_reserved_whatever_is_kept_safe(
    api: ApiCaller, world: dict[str, Any]
) -> None:
    """The units came for this customer: neither safety stock nor a ring fence has a say."""
    pos = ChannelFactory(code="pos")
    shop = Location.objects.get(code="S1")
    RingFenceFactory(sku=world["A1"], location=shop, channel=pos, quantity=9)
    api.put("stock/safety-stock", {"lines": [{"sku": "A1", "location": "S1", "units": 9}]})
    order = place(api, ("A1", 2), pickup_at="S1")
    arrive(api, sent(api, order), ("A1", 2))
    assert states(look(api, order)) == [("W1", "ready", [2])]
    laws(api)


def test_what_is_fenced_at_the_source_is_left_there(api: ApiCaller, world: dict[str, Any]) -> None:
    pos: Channel = ChannelFactory(code="pos")
    sku: Sku = world["A1"]
    near = Location.objects.get(code="W1")
    RingFenceFactory(sku=sku, location=near, channel=pos, quantity=4)
    order = place(api, ("A1", 2), pickup_at="S1")
    assert states(order) == [("W2", "open", [2])]
    laws(api)


def test_backorders_of_a_shop_are_filled_from_where_goods_arrive(api: ApiCaller) -> None:
    order = place(api, ("B1", 7), pickup_at="S1", allow_backorder=True)
    assert order["lines"][0]["backordered"] == 2
    receipt = {"location": "W1", "reference": "PO-2", "lines": [{"sku": "B1", "quantity": 9}]}
    assert api.post("receipts", receipt).status_code in (200, 201)
    assert states(look(api, order)) == [("W2", "open", [5]), ("W1", "open", [2])]
    laws(api)


def test_the_answer_before_is_what_the_order_promises(api: ApiCaller) -> None:
    """For units in the shop, in one building, in two, and for more than there are."""
    stock_up(Sku.objects.get(code="A1"), Location.objects.get(code="S1"), 1)
    for wanted in (1, 4, 9):
        body = {
            "channel": "web",
            "lines": [{"sku": "A1", "quantity": wanted}],
            "locations": ["S1", "W1"],
        }
        shop, warehouse = api.post("availability/query", body).json()["lines"][0]["locations"]
        assert warehouse["pickup"] == {"available": False, "ready_by": None}
        assert shop["pickup"]["available"]
        order = place(api, ("A1", wanted), pickup_at="S1")
        promised = max(fulfilment["promise"]["ready_by"] for fulfilment in order["fulfilments"])
        assert shop["pickup"]["ready_by"] == promised
        api.post(f"orders/{order['number']}/cancellations", {"reason": "next"})
    body["lines"] = [{"sku": "A1", "quantity": 12}]
    shop, _ = api.post("availability/query", body).json()["lines"][0]["locations"]
    assert shop["pickup"] == {"available": False, "ready_by": None}
    body["lines"] = [{"sku": "A1", "quantity": 1}, {"sku": "A1", "quantity": 1}]
    here, later = (
        line["locations"][0]["pickup"]["ready_by"]
        for line in api.post("availability/query", body).json()["lines"]
    )
    assert here < later  # the shop has one: the second line waits for the other


def test_without_names_only_what_is_there_is_offered(api: ApiCaller) -> None:
    body = {"channel": "web", "lines": [{"sku": "A1", "quantity": 1}]}
    (line,) = api.post("availability/query", body).json()["lines"]
    assert [here["location"] for here in line["locations"]] == ["W1", "W2"]


def test_the_quote_names_the_building_that_sends(api: ApiCaller) -> None:
    body = OrderBody(
        external_id="q",
        lines=[OrderLineBody(unit_price="1.00", fulfilment={"type": "pickup", "location": "S1"})],
    )
    (allocation,) = api.post("sourcing/quote", body).json()["allocations"]
    assert (allocation["location"], allocation["source"]) == ("S1", "W1")


def test_each_building_does_its_own_part(api: ApiCaller) -> None:
    order = place(api, ("A1", 1), pickup_at="S1")
    code = order["fulfilments"][0]["id"]
    keys = {place: make_caller(["*"], locations=[place]) for place in ("S1", "W1", "W2")}
    refused(keys["W2"].get(f"fulfilments/{code}"), 404, "not_found")
    for action in ("accept", "pick", "pack", "ship", "reject"):
        body = units(("1", 1)) if action == "pick" else {}
        refused(keys["S1"].post(f"fulfilments/{code}/{action}", body), 404, "not_found")
    for action, body in (("pick", units(("1", 1))), ("pack", {}), ("ship", {})):
        assert keys["W1"].post(f"fulfilments/{code}/{action}", body).status_code == 200
    transfer = Fulfilment.objects.get().transfer_id
    arrive(keys["S1"], str(transfer), ("A1", 1))
    for action in ("ready", "expire"):
        refused(keys["W1"].post(f"fulfilments/{code}/{action}"), 404, "not_found")
    body = {"identity": {"document": "passport"}}
    refused(keys["W1"].post(f"fulfilments/{code}/collect", body), 404, "not_found")
    assert keys["S1"].post(f"fulfilments/{code}/collect", body).status_code == 200


def test_its_events_reach_both_buildings(api: ApiCaller) -> None:
    sent(api, place(api, ("A1", 1), pickup_at="S1"))
    for place_ in ("S1", "W1"):
        key = make_caller(["orders:read"], locations=[place_])
        types = [each["type"] for each in key.get("events").json()["results"]]
        assert "fulfilment.in_transit" in types
        assert "transfer.dispatched" in types
    key = make_caller(["orders:read"], locations=["W2"])
    types = [each["type"] for each in key.get("events").json()["results"]]
    assert "fulfilment.in_transit" not in types
