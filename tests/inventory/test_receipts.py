"""Goods in over the API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from inventory.models import StockMovement
from orders.models import OrderLine
from tests.conftest import ApiCaller, make_caller
from tests.factories import ChannelFactory, LocationFactory, SkuFactory, stock_up
from tests.inventory.laws import assert_pool_laws
from tests.inventory.stock_helpers import (
    NO_QUANTITIES,
    balances,
    nothing_written,
    order,
    pointers,
    problem,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def world() -> Iterator[None]:
    LocationFactory(code="W1")
    ChannelFactory(code="web")
    for code in ("A1", "A2"):
        SkuFactory(code=code)
    yield
    assert_pool_laws()


def delivery(*lines: tuple[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "location": "W1",
        "reference": "ASN-7",
        "lines": [{"sku": sku, "quantity": quantity} for sku, quantity in lines],
    } | more


def test_goods_are_on_hand_also_of_a_sku_never_stocked_there(api: ApiCaller) -> None:
    answer = api.post("receipts", delivery(("A1", 5), ("A2", 7)))
    assert answer.status_code == 201
    assert answer.json() == {
        "location": "W1",
        "reference": "ASN-7",
        "lines": [
            {"sku": "A1", "quantity": 5, "on_hand": 5, "available": 5},
            {"sku": "A2", "quantity": 7, "on_hand": 7, "available": 7},
        ],
    }
    movement = StockMovement.objects.earliest("id")
    assert (movement.reason, movement.reference) == ("receipt", "ASN-7")


def test_lines_of_one_sku_are_summed(api: ApiCaller) -> None:
    answer = api.post("receipts", delivery(("A1", 5), ("A1", 2)))
    assert [line["quantity"] for line in answer.json()["lines"]] == [7]
    assert balances("A1", "W1") == (7, 0, 0)


def test_the_same_key_receives_once(api: ApiCaller) -> None:
    first, again = (api.post("receipts", delivery(("A1", 5)), key="asn-7") for _ in range(2))
    assert first.json() == again.json()
    assert again["Idempotency-Replayed"] == "true"
    assert balances("A1", "W1") == (5, 0, 0)


def test_waiting_orders_are_served_in_the_order_they_came(api: ApiCaller) -> None:
    for number in ("first", "second"):
        order(api, number, 3, allow_backorder=True)
    api.post("receipts", delivery(("A1", 4)))
    lines = OrderLine.objects.order_by("id").values_list("reserved", "backordered")
    assert list(lines) == [(3, 0), (1, 2)]
    assert balances("A1", "W1") == (4, 4, 0)


def test_every_unknown_code_is_named(api: ApiCaller) -> None:
    with nothing_written():
        answer = api.post("receipts", delivery(("X1", 1), ("A1", 1), ("X2", 1), location="W9"))
    assert pointers(answer) == {
        "/location": "unknown_location",
        "/lines/0/sku": "unknown_sku",
        "/lines/2/sku": "unknown_sku",
    }


@pytest.mark.parametrize("quantity", NO_QUANTITIES, ids=repr)
def test_what_is_no_quantity_is_refused(api: ApiCaller, quantity: Any) -> None:
    with nothing_written():
        answer = api.post("receipts", delivery(("A1", quantity)))
    assert set(pointers(answer)) == {"/lines/0/quantity"}


@pytest.mark.parametrize(
    "body",
    [
        {"location": "W1", "reference": "R", "lines": []},
        {"location": "W1", "reference": "R"},
        {"location": "W1", "reference": "", "lines": [{"sku": "A1", "quantity": 1}]},
        {"location": "W1", "reference": "R" * 129, "lines": [{"sku": "A1", "quantity": 1}]},
        {"location": "W1", "reference": 7, "lines": [{"sku": "A1", "quantity": 1}]},
        {"location": None, "reference": "R", "lines": [{"sku": "A1", "quantity": 1}]},
        {"location": "W1", "reference": "R", "lines": {"sku": "A1", "quantity": 1}},
        {"location": "W1", "reference": "R", "lines": [None]},
        {"location": "W1", "reference": "R", "lines": ["A1"]},
        {"location": "W1", "reference": "R", "lines": [{"sku": "A1", "quantity": 1, "x": 2}]},
        {"location": "W1", "reference": "R", "lines": [{"sku": "A1", "quantity": 1}] * 1001},
        ["A1"],
    ],
)
def test_other_bodies_are_refused(api: ApiCaller, body: Any) -> None:
    with nothing_written():
        problem(api.post("receipts", body), 400, "validation_error")


def test_no_more_than_can_be_counted(api: ApiCaller) -> None:
    lines = [("A1", 1_000_000)] * 1000
    assert api.post("receipts", delivery(*lines)).status_code == 201
    assert api.post("receipts", delivery(*lines)).status_code == 201
    with nothing_written():
        problem(api.post("receipts", delivery(*lines)), 409, "balance_out_of_range")


def test_a_client_receives_where_it_may(api: ApiCaller) -> None:
    tied = make_caller(["stock:write"], locations=["W2"])
    answer = tied.post("receipts", delivery(("A1", 1)))
    assert pointers(answer) == {"/location": "unknown_location"}
    reader = make_caller(["stock:read"])
    problem(reader.post("receipts", delivery(("A1", 1))), 403, "forbidden")


def test_the_work_does_not_grow_with_the_lines(
    api: ApiCaller, django_assert_max_num_queries: Any
) -> None:
    codes = [SkuFactory(code=f"B{number}").code for number in range(30)]
    stock_up(SkuFactory(code="C"), LocationFactory(code="W3"), 1)
    with django_assert_max_num_queries(21):
        api.post("receipts", delivery(*((code, 1) for code in codes)))
