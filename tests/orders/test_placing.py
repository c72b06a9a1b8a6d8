"""Placing orders over HTTP: all or nothing, partial, backordered, repeated, refused."""

from __future__ import annotations

from typing import Any

import pytest

from inventory.models import RingFence, Sku, Stock
from omniretail.outbox.models import Event
from orders.models import Order
from stores.models import Location
from tests.builders import make_channel, make_location, make_sku, stock_up
from tests.conftest import ApiCaller

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> dict[str, Any]:
    """Two warehouses and a shop; A1 in both warehouses, B1 in the second only."""
    near = make_location("W1")
    far = make_location("W2", latitude=55.9, longitude=-3.2)
    shop = make_location("S1", kind="store", ships=False)
    make_channel("web")
    a, b = make_sku("A1"), make_sku("B1")
    stock_up(a, near, 5)
    stock_up(a, far, 5)
    stock_up(b, far, 3)
    stock_up(a, shop, 2)
    return {"W1": near, "W2": far, "S1": shop, "A1": a, "B1": b}


def order_of(*lines: tuple[str, int], external_id: str = "W-1", **more: Any) -> dict[str, Any]:
    """An order to London with lines of (SKU, units); `more` overrides fields."""
    return {
        "channel": "web",
        "external_id": external_id,
        "currency": "GBP",
        "customer": {"name": "Ada", "email": "ada@example.org"},
        "ship_to": {"postal_code": "SW1A 1AA", "country": "GB"},
        "lines": [
            {
                "line_id": str(position),
                "sku": sku,
                "quantity": units,
                "unit_price": "19.99",
                "fulfilment": {"type": "ship"},
            }
            for position, (sku, units) in enumerate(lines, start=1)
        ],
    } | more


def at(line: dict[str, Any], type_: str, location: str) -> dict[str, Any]:
    return line | {"fulfilment": {"type": type_, "location": location}}


def row(sku: Sku, location: Location) -> tuple[int, int, int]:
    stock = Stock.objects.get(sku=sku, location=location)
    return stock.on_hand, stock.reserved, stock.unavailable


def test_an_order_is_reserved_at_the_nearest_location(api: ApiCaller, world: Any) -> None:
    answer = api.post("orders", order_of(("A1", 2)))
    assert answer.status_code == 201, answer.content
    order = answer.json()
    assert order["state"] == "open"
    assert order["lines"][0]["reserved"] == 2
    (share,) = order["fulfilments"]
    assert (share["location"], share["state"], share["type"]) == ("W1", "open", "ship")
    assert share["promise"]["deliver_by"]
    assert order["totals"]["total"] == "39.98"
    assert row(world["A1"], world["W1"]) == (5, 2, 0)
    assert api.get(f"orders/{order['number']}").json() == order


def test_fewest_locations_beat_the_nearest(api: ApiCaller, world: Any) -> None:
    order = api.post("orders", order_of(("A1", 2), ("B1", 1))).json()
    assert [share["location"] for share in order["fulfilments"]] == ["W2"]
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
    shares = [
        (f["location"], f["source"], [line["quantity"] for line in f["lines"]])
        for f in order["fulfilments"]
    ]
    assert shares == [("S1", None, [2]), ("S1", "W1", [1])]
    own, sent = (f["promise"]["ready_by"] for f in order["fulfilments"])
    assert own < sent
    assert row(world["A1"], world["S1"]) == (2, 2, 0)
    assert row(world["A1"], world["W1"]) == (5, 1, 0)


def test_a_till_never_sells_what_is_elsewhere(api: ApiCaller, world: Any) -> None:
    body = order_of(("A1", 3))
    body["lines"][0] = at(body["lines"][0], "carry_out", "S1")
    answer = api.post("orders", body)
    assert answer.status_code == 409
    assert answer.json()["lines"] == [{"sku": "A1", "requested": 3, "available": 2}]


def test_the_same_external_id_is_the_same_order(api: ApiCaller, world: Any) -> None:
    first = api.post("orders", order_of(("A1", 1)))
    again = api.post("orders", order_of(("A1", 1)))
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    other = api.post("orders", order_of(("A1", 2)))
    assert other.status_code == 409
    assert other.json()["code"] == "external_id_conflict"
    assert other.json()["order"] == first.json()["number"]


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


def test_orders_of_a_batch_stand_alone(api: ApiCaller, world: Any) -> None:
    bodies = [
        order_of(("B1", 2), external_id="b1"),
        order_of(("B1", 2), external_id="b2"),
        order_of(("NOPE", 1), external_id="b3"),
        order_of(("B1", 1), external_id="b4"),
        order_of(("B1", 2), external_id="b1"),
        {"external_id": "b6"},
        7,
    ]
    results = api.post("orders/batch", {"orders": bodies}).json()["results"]
    assert [result["status"] for result in results] == [201, 409, 400, 201, 200, 400, 400]
    assert results[1]["problem"]["lines"][0]["available"] == 1
    assert results[2]["problem"]["errors"][0]["code"] == "unknown_sku"
    assert row(world["B1"], world["W2"]) == (3, 3, 0)


def test_a_batch_repeats_only_external_ids_that_are_texts(api: ApiCaller, world: Any) -> None:
    orders = [{"external_id": odd} for odd in ([], 7, {"a": 1}, None, "b1")] + [7]
    results = api.post("orders/batch", {"orders": orders}).json()["results"]
    assert [result["external_id"] for result in results] == [None, None, None, None, "b1", None]
    assert {result["status"] for result in results} == {400}


def test_channels_of_one_batch_compete_for_the_same_units(api: ApiCaller, world: Any) -> None:
    make_channel("phone")
    bodies = [
        order_of(("B1", 2), external_id="1"),
        order_of(("B1", 2), external_id="2", channel="phone"),
        order_of(("B1", 1), external_id="3", channel="phone"),
    ]
    results = api.post("orders/batch", {"orders": bodies}).json()["results"]
    assert [result["status"] for result in results] == [201, 409, 201]
    assert row(world["B1"], world["W2"]) == (3, 3, 0)


def test_a_channel_sells_its_own_ring_fence_beside_another_channel(
    api: ApiCaller, world: Any
) -> None:
    phone = make_channel("phone")
    RingFence.objects.create(channel=phone, sku=world["B1"], location=world["W2"], quantity=2)
    bodies = [
        order_of(("B1", 1), external_id="1"),
        order_of(("B1", 2), external_id="2", channel="phone"),
        order_of(("B1", 1), external_id="3"),
    ]
    results = api.post("orders/batch", {"orders": bodies}).json()["results"]
    assert [result["status"] for result in results] == [201, 201, 409]
    assert row(world["B1"], world["W2"]) == (3, 3, 0)


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"channel": "moon"}, "/channel", "unknown_channel"),
        ({"currency": "XXX"}, "/currency", "invalid_choice"),
        ({"lines": []}, "/lines", "empty"),
        ({"surprise": 1}, "/surprise", "unknown_field"),
        ({"external_id": None}, "/external_id", "null"),
        ({"ship_to": []}, "/ship_to", "invalid"),
        ({"allow_split": "yes"}, "/allow_split", "invalid"),
    ],
)
def test_bad_orders_are_refused_with_a_pointer(
    api: ApiCaller, world: Any, change: dict[str, Any], pointer: str, code: str
) -> None:
    answer = api.post("orders", order_of(("A1", 1)) | change)
    assert answer.status_code == 400, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    errors = answer.json()["errors"]
    assert (errors[0]["pointer"], errors[0]["code"]) == (pointer, code)
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"quantity": 0}, "/lines/0/quantity", "min_value"),
        ({"quantity": -1}, "/lines/0/quantity", "min_value"),
        ({"quantity": 10**30}, "/lines/0/quantity", "max_value"),
        ({"quantity": True}, "/lines/0/quantity", "invalid"),
        ({"quantity": "2"}, "/lines/0/quantity", "invalid"),
        ({"unit_price": "19.999"}, "/lines/0/unit_price", "wrong_exponent"),
        ({"unit_price": "-1.00"}, "/lines/0/unit_price", "invalid"),
        ({"unit_price": 19.99}, "/lines/0/unit_price", "invalid"),
        ({"sku": "NOPE"}, "/lines/0/sku", "unknown_sku"),
        ({"fulfilment": {"type": "pickup"}}, "/lines/0/fulfilment/location", "required"),
        (
            {"fulfilment": {"type": "pickup", "location": "X"}},
            "/lines/0/fulfilment/location",
            "unknown_location",
        ),
    ],
)
def test_bad_lines_are_refused_with_a_pointer(
    api: ApiCaller, world: Any, change: dict[str, Any], pointer: str, code: str
) -> None:
    body = order_of(("A1", 1))
    body["lines"][0] |= change
    answer = api.post("orders", body)
    assert answer.status_code == 400, answer.content
    errors = answer.json()["errors"]
    assert (errors[0]["pointer"], errors[0]["code"]) == (pointer, code)
    assert not Order.objects.exists()


def test_a_line_id_stands_once(api: ApiCaller, world: Any) -> None:
    body = order_of(("A1", 1), ("A1", 1))
    body["lines"][1]["line_id"] = "1"
    errors = api.post("orders", body).json()["errors"]
    assert {error["pointer"] for error in errors} == {"/lines/0/line_id", "/lines/1/line_id"}


def test_cancelling_puts_the_goods_back_on_sale(api: ApiCaller, world: Any) -> None:
    number = api.post("orders", order_of(("A1", 3))).json()["number"]
    cancel = f"orders/{number}/cancellations"
    part = api.post(cancel, {"lines": [{"line_id": "1", "quantity": 1}], "reason": "too many"})
    assert part.status_code == 201, part.content
    assert part.json()["lines"][0] | {"reserved": 2, "cancelled": 1} == part.json()["lines"][0]
    assert row(world["A1"], world["W1"]) == (5, 2, 0)
    rest = api.post(cancel, {"reason": "changed my mind"}).json()
    assert rest["state"] == "cancelled"
    assert rest["fulfilments"][0]["state"] == "cancelled"
    assert row(world["A1"], world["W1"]) == (5, 0, 0)
    again = api.post(cancel, {"reason": "again"})
    assert (again.status_code, again.json()["code"]) == (409, "nothing_to_cancel")
    types = [line["type"] for line in api.get(f"orders/{number}/timeline").json()["results"]]
    assert types.count("order.cancelled") == 2
    assert types.count("refund.requested") == 2


def test_a_freed_unit_goes_to_whoever_waits_longest(api: ApiCaller, world: Any) -> None:
    first = api.post("orders", order_of(("B1", 3), external_id="1")).json()["number"]
    waiting = [
        api.post("orders", order_of(("B1", 1), external_id=str(n), allow_backorder=True)).json()
        for n in (2, 3)
    ]
    api.post(
        f"orders/{first}/cancellations",
        {"lines": [{"line_id": "1", "quantity": 1}], "reason": "one too many"},
    )
    states = [api.get(f"orders/{order['number']}").json()["state"] for order in waiting]
    assert states == ["open", "backordered"]


def test_a_quote_reserves_nothing(api: ApiCaller, world: Any) -> None:
    answer = api.post("sourcing/quote", order_of(("A1", 2)))
    assert answer.status_code == 200, answer.content
    assert answer.json()["possible"] is True
    assert row(world["A1"], world["W1"]) == (5, 0, 0)
