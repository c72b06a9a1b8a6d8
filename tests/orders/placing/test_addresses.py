"""An order whose goods are to be sent says where to, unless its channel may leave that open."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import ApiCaller
from tests.factories import (
    CartBody,
    ChannelFactory,
    LocationFactory,
    OrderBody,
    OrderLineBody,
    SkuFactory,
    stock_up,
)
from tests.inventory.stock_helpers import nothing_written
from tests.omniretail.files.import_helpers import bring_in, counts, row_errors

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def world(db: None) -> None:
    stock_up(SkuFactory(code="A1"), LocationFactory(code="S1", same_day=True), 9)
    ChannelFactory(code="web", ships_without_address=False)


def order(way: str, **more: Any) -> dict[str, Any]:
    named = {"location": "S1"} if way in ("pickup", "carry_out") else {}
    return OrderBody(lines=[OrderLineBody(fulfilment={"type": way} | named)]) | more


def code_of(answer: Any) -> tuple[int, str, str]:
    error = answer.json()["errors"][0]
    return answer.status_code, error["pointer"], error["code"]


REFUSED = (400, "/ship_to", "address_required")


@pytest.mark.parametrize("way", ["ship", "same_day"])
@pytest.mark.parametrize("ship_to", [None, {}, {"name": "Ada", "country": "GB"}, {"city": ""}])
def test_goods_are_sent_nowhere_without_an_address(
    api: ApiCaller, way: str, ship_to: dict[str, str] | None
) -> None:
    with nothing_written():
        answer = api.post("orders", order(way, ship_to=ship_to))
    assert code_of(answer) == REFUSED


@pytest.mark.parametrize(
    "ship_to",
    [
        {"line1": "1 High Street"},
        {"city": "Leeds"},
        {"postal_code": "LS1 4DY", "country": "GB"},
        {"latitude": 0, "longitude": 0},
    ],
)
def test_any_part_of_an_address_is_one(api: ApiCaller, ship_to: dict[str, Any]) -> None:
    assert api.post("orders", order("ship", ship_to=ship_to)).status_code == 201


@pytest.mark.parametrize("way", ["pickup", "carry_out"])
def test_goods_that_are_handed_over_need_none(api: ApiCaller, way: str) -> None:
    assert api.post("orders", order(way)).status_code == 201


def test_a_channel_may_leave_it_open(api: ApiCaller) -> None:
    body = {"name": "Web", "kind": "web", "locations": "all"}
    assert api.put("channels/web", body).json()["ships_without_address"] is False
    assert code_of(api.post("orders", order("ship"))) == REFUSED
    open_ = api.put("channels/web", body | {"ships_without_address": True})
    assert open_.json()["ships_without_address"] is True
    first = order("ship")
    assert api.post("orders", first).status_code == 201
    api.put("channels/web", body)
    assert api.post("orders", first).status_code == 200, "a repeat is the same order"


def test_each_order_of_a_batch_and_of_a_file_stands_alone(api: ApiCaller) -> None:
    orders = [order("ship"), order("ship", ship_to={"city": "Leeds"}), order("pickup")]
    results = api.post("orders/batch", {"orders": orders}).json()["results"]
    assert [each["status"] for each in results] == [400, 201, 201]
    columns = "channel,external_id,currency,line_id,sku,quantity,unit_price,ship_to_city"
    rows = ("web,F1,GBP,1,A1,1,1.00,", "web,F2,GBP,1,A1,1,1.00,Leeds")
    done = bring_in(api, "orders", columns, *rows)
    assert counts(done) == ("done", 2, 2, 1, 1)
    assert row_errors(api, done) == [(2, "ship_to", "address_required")]


def test_a_refused_order_leaves_its_cart(api: ApiCaller) -> None:
    for wrong in ({}, {"lines": [OrderLineBody(sku="NONE")], "ship_to": {"city": "Leeds"}}):
        cart = api.post("reservations", CartBody()).json()["id"]
        with nothing_written():
            answer = api.post("orders", order("ship", reservation_id=cart) | wrong)
        assert answer.status_code == 400, answer.content
        assert api.get(f"reservations/{cart}").json()["state"] == "held"


def test_a_quote_needs_no_address(api: ApiCaller) -> None:
    assert api.post("sourcing/quote", order("ship")).json()["possible"]
