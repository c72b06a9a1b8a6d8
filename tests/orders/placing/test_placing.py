"""Placing orders over HTTP: all or nothing, partial, backordered, repeated, refused."""

from __future__ import annotations

from typing import Any

import pytest

from core.outbox.models import Event
from orders.api.order_body import read_order
from orders.models import Order
from tests.conftest import ApiCaller
from tests.factories import stock_up
from tests.orders.placing.placing_helpers import at, order_of, row

pytestmark = pytest.mark.django_db


def test_an_order_is_reserved_at_the_nearest_location(api: ApiCaller, world: Any) -> None:
    answer = api.post("orders", order_of(("A1", 2)))
    assert answer.status_code == 201, answer.content
    order = answer.json()
    assert order["state"] == "open"
    assert order["lines"][0]["reserved"] == 2
    (fulfilment,) = order["fulfilments"]
    assert (fulfilment["location"], fulfilment["state"], fulfilment["type"]) == (
        "W1",
        "open",
        "ship",
    )
    assert fulfilment["promise"]["deliver_by"]
    assert order["totals"]["total"] == "39.98"
    assert row(world["A1"], world["W1"]) == (5, 2, 0)
    assert api.get(f"orders/{order['number']}").json() == order


def test_fewest_locations_beat_the_nearest(api: ApiCaller, world: Any) -> None:
    order = api.post("orders", order_of(("A1", 2), ("B1", 1))).json()
    assert [fulfilment["location"] for fulfilment in order["fulfilments"]] == ["W2"]
    sourcing = api.get(f"orders/{order['number']}/sourcing").json()
    chosen = {c["location"]: c for c in sourcing["decisions"][0]["receipt"]["candidates"]}
    assert set(chosen) >= {"W1", "W2"}


def test_a_shortage_refuses_the_whole_order_and_leaves_no_trace(api: ApiCaller, world: Any) -> None:
    answer = api.post("orders", order_of(("A1", 2), ("B1", 4)))
    assert answer.status_code == 409
    problem = answer.json()
    assert problem["code"] == "insufficient_stock"
    assert problem["lines"] == [{"sku": "B1", "requested": 4, "available": 3}]
    assert not Order.objects.exists()
    assert not Event.objects.filter(type__startswith="order.").exists()
    assert row(world["A1"], world["W1"]) == (5, 0, 0)


def test_a_partial_order_takes_what_there_is(api: ApiCaller, world: Any) -> None:
    order = api.post("orders", order_of(("B1", 4), allow_partial=True)).json()
    (line,) = order["lines"]
    assert (line["reserved"], line["cancelled"]) == (3, 1)


def test_a_backorder_waits_for_the_rest(api: ApiCaller, world: Any) -> None:
    order = api.post("orders", order_of(("B1", 4), allow_backorder=True)).json()
    (line,) = order["lines"]
    assert (line["reserved"], line["backordered"]) == (3, 1)
    assert order["state"] == "backordered"


def test_a_till_sale_is_gone_at_once(api: ApiCaller, world: Any) -> None:
    body = order_of(("A1", 2))
    body["lines"][0] = at(body["lines"][0], "carry_out", "S1")
    order = api.post("orders", body).json()
    assert order["state"] == "completed"
    assert order["fulfilments"][0]["state"] == "collected"
    assert row(world["A1"], world["S1"]) == (0, 0, 0)


def test_what_a_shop_lacks_for_a_pickup_comes_from_another_building(
    api: ApiCaller, world: Any
) -> None:
    body = order_of(("A1", 3))
    body["lines"][0] = at(body["lines"][0], "pickup", "S1")
    order = api.post("orders", body).json()
    fulfilments = [
        (f["location"], f["source"], [line["quantity"] for line in f["lines"]])
        for f in order["fulfilments"]
    ]
    assert fulfilments == [("S1", None, [2]), ("S1", "W1", [1])]
    own, sent = (f["promise"]["ready_by"] for f in order["fulfilments"])
    assert own < sent
    assert row(world["A1"], world["S1"]) == (2, 2, 0)
    assert row(world["A1"], world["W1"]) == (5, 1, 0)


def test_the_same_external_id_is_the_same_order(api: ApiCaller, world: Any) -> None:
    first = api.post("orders", order_of(("A1", 1)))
    again = api.post("orders", order_of(("A1", 1)))
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    other = api.post("orders", order_of(("A1", 2)))
    assert other.status_code == 409
    assert other.json()["code"] == "external_id_conflict"
    assert other.json()["order"] == first.json()["number"]


def test_whole_degrees_stay_whole() -> None:
    """What an order's fingerprint is made of must not change with the release that reads it."""
    ship_to = read_order(order_of(("A1", 1)) | {"ship_to": {"latitude": 51}}).ship_to
    assert str(ship_to) == "{'latitude': 51}"


def test_values_with_one_meaning_are_taken(api: ApiCaller, world: Any) -> None:
    body = order_of(("A1", 1)) | {"currency": "jpy", "ship_to": {"country": "gb"}}
    body["customer"] = {"email": "zoë+web@exämple.org"}
    body["lines"][0]["unit_price"] = "1200.00"
    answer = api.post("orders", body)
    assert answer.status_code == 201, answer.content
    order = answer.json()
    assert (order["currency"], order["lines"][0]["unit_price"]) == ("JPY", "1200")
    body["lines"][0]["unit_price"] = "1200.50"
    refused = api.post("orders", body | {"external_id": "other"})
    assert refused.json()["errors"][0]["code"] == "wrong_exponent"


def test_the_same_key_gets_the_stored_answer(api: ApiCaller, world: Any) -> None:
    first = api.post("orders", order_of(("A1", 1)), key="k-1")
    again = api.post("orders", order_of(("A1", 1)), key="k-1")
    assert again.status_code == 201
    assert again["Idempotency-Replayed"] == "true"
    assert again.content == first.content
    other = api.post("orders", order_of(("A1", 2)), key="k-1")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")


def test_a_refusal_is_the_answer_of_its_key_too(api: ApiCaller, world: Any) -> None:
    assert api.post("orders", order_of(("B1", 4)), key="k-2").status_code == 409
    stock_up(world["B1"], world["W2"], 10)
    assert api.post("orders", order_of(("B1", 4)), key="k-2").status_code == 409
    assert api.post("orders", order_of(("B1", 4)), key="k-3").status_code == 201


def test_a_quote_reserves_nothing(api: ApiCaller, world: Any) -> None:
    answer = api.post("sourcing/quote", order_of(("A1", 2)))
    assert answer.status_code == 200, answer.content
    assert answer.json()["possible"] is True
    assert row(world["A1"], world["W1"]) == (5, 0, 0)
