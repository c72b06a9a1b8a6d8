"""A refusal for want of stock says what is there, where, and which rule stood in the way."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import ApiCaller, make_caller
from tests.factories import (
    CartBody,
    ChannelFactory,
    LocationFactory,
    OrderBody,
    OrderLineBody,
    RingFenceFactory,
    SkuFactory,
    stock_up,
)

pytestmark = pytest.mark.django_db


def stocked(units: dict[str, int], sku: str = "A1") -> None:
    for code, held in units.items():
        stock_up(SkuFactory(code=sku), LocationFactory(code=code), held)


def order(
    api: ApiCaller, *wanted: tuple[str, int], fulfilment: dict[str, Any] | None = None, **more: Any
) -> list[dict[str, Any]]:
    """Place an order that must be refused; return the lines of the refusal."""
    way = fulfilment or {"type": "ship"}
    lines = [
        OrderLineBody(line_id=sku, sku=sku, quantity=units, fulfilment=way) for sku, units in wanted
    ]
    answer = api.post("orders", OrderBody(lines=lines) | more)
    return lines_of(answer)


def lines_of(answer: Any) -> list[dict[str, Any]]:
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (409, "insufficient_stock"), problem
    lines: list[dict[str, Any]] = problem["lines"]
    return lines


def at(line: dict[str, Any]) -> dict[str, tuple[int, int, str | None]]:
    return {
        each["location"]: (each["available"], each["sellable"], each["rule"])
        for each in line["locations"]
    }


@pytest.fixture
def web(db: None) -> None:
    LocationFactory(code="W1")
    LocationFactory(code="W2")
    ChannelFactory(code="web")
    SkuFactory(code="A1")


def test_two_buildings_hold_what_one_would_have_to(api: ApiCaller, web: None) -> None:
    stocked({"W1": 5})
    stocked({"W2": 4}, sku="B1")
    [line] = order(api, ("A1", 2), ("B1", 2), allow_split=False)
    assert (line["sku"], line["requested"], line["available"]) == ("B1", 2, 4)
    assert (line["reason"], at(line)) == ("not_from_one_location", {"W2": (4, 4, None)})


def test_one_sku_lies_in_two_buildings(api: ApiCaller, web: None) -> None:
    stocked({"W1": 3, "W2": 2})
    [line] = order(api, ("A1", 5), allow_split=False)
    assert (line["available"], line["reason"]) == (5, "not_from_one_location")
    assert "not to be split" in line["detail"]


def test_there_are_not_as_many(api: ApiCaller, web: None) -> None:
    stocked({"W1": 3, "W2": 2})
    [line] = order(api, ("A1", 6))
    assert (line["available"], line["reason"]) == (5, "not_enough")
    assert at(line) == {"W1": (3, 3, None), "W2": (2, 2, None)}


def test_units_are_kept_from_sale(api: ApiCaller, web: None) -> None:
    stocked({"W1": 5, "W2": 2})
    sku = SkuFactory(code="A1")
    shop = ChannelFactory(code="shop", kind="pos")
    RingFenceFactory(channel=shop, sku=sku, location=LocationFactory(code="W1"), quantity=4)
    level = {"sku": "A1", "location": "W2", "safety_stock": 3}
    assert api.put("stock/safety-stock", {"lines": [level]}).status_code == 200
    [line] = order(api, ("A1", 2))
    assert (line["available"], line["reason"]) == (1, "kept_from_sale")
    assert at(line) == {"W1": (5, 1, "kept_from_sale"), "W2": (2, 0, "kept_from_sale")}
    [cart] = lines_of(api.post("reservations", CartBody(lines=[{"sku": "A1", "quantity": 2}])))
    assert (cart["available"], cart["reason"], at(cart)) == (1, "kept_from_sale", at(line))


def test_goods_are_where_nothing_is_sent_from(api: ApiCaller, web: None) -> None:
    LocationFactory(code="S1", store=True, ships=False)
    stocked({"S1": 5, "W1": 1})
    [line] = order(api, ("A1", 2))
    assert (line["available"], line["reason"]) == (1, "does_not_ship")
    assert at(line) == {"S1": (5, 0, "does_not_ship"), "W1": (1, 1, None)}
    [line] = order(api, ("A1", 2), fulfilment={"type": "same_day"})
    assert (line["available"], line["reason"]) == (0, "no_same_day")


def test_a_shop_lacks_what_is_to_be_collected(api: ApiCaller, web: None) -> None:
    LocationFactory(code="S1", store=True, ships=False)
    LocationFactory(code="S2", store=True, ships=False)
    stocked({"S1": 1, "S2": 3})
    pickup = {"type": "pickup", "location": "S1"}
    [line] = order(api, ("A1", 2), fulfilment=pickup)
    assert (line["available"], line["reason"]) == (1, "does_not_ship")
    assert at(line) == {"S1": (1, 1, None), "S2": (3, 0, "does_not_ship")}
    stocked({"W1": 1})
    [line] = order(api, ("A1", 2), fulfilment=pickup, allow_split=False)
    assert (line["available"], line["reason"]) == (2, "not_from_one_location")


def test_a_shop_hands_nothing_over(api: ApiCaller, web: None) -> None:
    LocationFactory(code="S1", store=True, pickup=False)
    stocked({"S1": 5})
    [line] = order(api, ("A1", 2), fulfilment={"type": "pickup", "location": "S1"})
    assert (line["available"], line["reason"]) == (0, "no_pickup")


def test_the_channel_does_not_sell_from_there(api: ApiCaller) -> None:
    stocked({"W1": 1, "W2": 5})
    ChannelFactory(code="web", locations=[LocationFactory(code="W1")])
    [line] = order(api, ("A1", 2))
    assert (line["available"], line["reason"]) == (1, "not_of_channel")
    assert at(line) == {"W1": (1, 1, None), "W2": (5, 0, "not_of_channel")}
    [cart] = lines_of(api.post("reservations", CartBody(lines=[{"sku": "A1", "quantity": 2}])))
    assert (cart["reason"], at(cart)) == ("not_of_channel", at(line))


def test_what_the_client_may_not_see_is_not_named(web: None) -> None:
    stocked({"W1": 1, "W2": 5})
    tied = make_caller(["*"], locations=["W1"])
    cart = CartBody(lines=[{"sku": "A1", "quantity": 2}])
    [line] = lines_of(tied.post("reservations", cart))
    assert (line["available"], line["reason"], at(line)) == (1, "not_enough", {"W1": (1, 1, None)})


def test_a_cart_takes_nothing_from_where_nothing_gets_out(api: ApiCaller, web: None) -> None:
    LocationFactory(code="DEAD", ships=False, pickup=False)
    stocked({"DEAD": 5})
    [line] = lines_of(api.post("reservations", CartBody(lines=[{"sku": "A1", "quantity": 2}])))
    assert (line["available"], line["reason"]) == (0, "no_way_out")
    wanted = {"sku": "A1", "quantity": 2, "location": "W1"}
    stocked({"W2": 5})
    [line] = lines_of(api.post("reservations", CartBody(lines=[wanted])))
    assert (line["location"], line["available"], line["reason"]) == ("W1", 0, "other_location")


def test_orders_of_a_batch_do_not_count_what_an_earlier_one_takes(
    api: ApiCaller, web: None
) -> None:
    stocked({"W1": 3})
    wanted = [OrderBody(lines=[OrderLineBody(quantity=2)]) for _ in range(2)]
    results = api.post("orders/batch", {"orders": wanted}).json()["results"]
    [line] = results[1]["problem"]["lines"]
    assert (line["available"], line["reason"], at(line)) == (1, "not_enough", {"W1": (1, 1, None)})


def test_a_quote_says_the_same(api: ApiCaller, web: None) -> None:
    stocked({"W1": 1, "W2": 1})
    body = OrderBody(lines=[OrderLineBody(quantity=2)]) | {"allow_split": False}
    [short] = api.post("sourcing/quote", body).json()["shortages"]
    assert (short["available"], short["reason"]) == (2, "not_from_one_location")
