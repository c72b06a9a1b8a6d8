"""Units that may not be sold travel too, and arrive as they left."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.conftest import ApiCaller
from tests.factories import LocationFactory, SkuFactory, UserFactory
from tests.inventory.setting_apart.unavailable_helpers import kept, line, moved
from tests.inventory.stock_helpers import balances, nothing_written, problem
from tests.inventory.transfers.transfer_helpers import body, dispatched, draft, receive
from tests.orders.fulfilment_helpers import place

pytestmark = pytest.mark.django_db

TRAVELS = ("inspection", "damaged", "quarantine")


@pytest.mark.parametrize("condition", TRAVELS)
def test_units_arrive_in_the_condition_in_which_they_left(api: ApiCaller, condition: str) -> None:
    moved(api, line("available", condition, 4))
    transfer = dispatched(api, ("A1", 3), condition=condition)
    assert api.get(f"transfers/{transfer}").json()["condition"] == condition
    assert (balances("A1", "W1"), kept(api)) == ((7, 0, 1), {condition: 1})
    assert receive(api, transfer, ("A1", 2)).status_code == 200
    assert (balances("A1", "S1"), kept(api, location="S1")) == ((2, 0, 2), {condition: 2})
    assert receive(api, transfer, ("A1", 1)).json()["state"] == "received"
    moved(api, line(condition, "available", 2, location="S1"))
    assert balances("A1", "S1") == (3, 0, 1)
    assert api.get("integrity").json()["ok"]


def test_units_for_sale_have_no_condition(api: ApiCaller) -> None:
    assert api.get(f"transfers/{draft(api, ('A1', 1))}").json()["condition"] is None
    same = draft(api, ("A1", 1), condition=None)
    assert api.get(f"transfers/{same}").json()["condition"] is None


def test_no_more_leave_than_are_in_the_condition(api: ApiCaller) -> None:
    moved(api, line("available", "inspection", 1), line("available", "damaged", 5))
    transfer = draft(api, ("A1", 2), ("A2", 1), condition="inspection")
    with nothing_written():
        answer = api.post(f"transfers/{transfer}/dispatch")
    in_condition = {
        each["sku"]: each["in_condition"]
        for each in problem(answer, 409, "not_in_condition")["lines"]
    }
    assert in_condition == {"A1": 1, "A2": 0}


@pytest.mark.parametrize("condition", ["missing", "available", "", 7])
def test_only_goods_that_are_there_travel(api: ApiCaller, condition: Any) -> None:
    answer = api.post("transfers", body(("A1", 1), condition=condition))
    assert problem(answer, 400, "validation_error")["errors"][0]["pointer"] == "/condition"


def test_what_breaks_on_the_way_is_damaged_and_what_is_lost_is_lost(api: ApiCaller) -> None:
    moved(api, line("available", "inspection", 4))
    transfer = dispatched(api, ("A1", 4), condition="inspection")
    came = {"sku": "A1", "quantity": 3, "damaged": 1}
    answer = api.post(f"transfers/{transfer}/receive", {"lines": [came], "close": True})
    assert answer.json()["lines"][0]["lost"] == 1
    assert (balances("A1", "S1"), kept(api, location="S1")) == (
        (3, 0, 3),
        {"inspection": 2, "damaged": 1},
    )
    assert api.get("integrity").json()["ok"]


def test_a_surplus_is_as_doubtful_as_the_rest(api: ApiCaller) -> None:
    moved(api, line("available", "quarantine", 1))
    transfer = dispatched(api, ("A1", 1), condition="quarantine")
    assert receive(api, transfer, ("A1", 2), accept_surplus=True).status_code == 200
    assert kept(api, location="S1") == {"quarantine": 2}


def test_no_order_waits_for_them(api: ApiCaller) -> None:
    SkuFactory(code="B1")
    waiting = place(api, ("B1", 1), allow_backorder=True)
    api.post("receipts", {"location": "W1", "reference": "R", "lines": []})
    adjusted = {"sku": "B1", "location": "W1", "on_hand_delta": 1, "unavailable_delta": 1}
    reason = {"reason": "inspection", "reference": "R"}
    answer = api.post("stock/adjustments", reason | {"lines": [adjusted]})
    assert answer.status_code in (200, 201), answer.content
    transfer = dispatched(api, ("B1", 1), condition="inspection")
    asked = {"channel": "web", "lines": [{"sku": "B1", "quantity": 1}]}
    (found,) = api.post("availability/query", asked).json()["lines"]
    assert found["state"] == "out_of_stock"
    assert receive(api, transfer, ("B1", 1)).status_code == 200
    order = api.get(f"orders/{waiting['number']}").json()
    assert order["lines"][0]["backordered"] == 1


def test_people_draft_them_too(client: Client, api: ApiCaller) -> None:
    moved(api, line("available", "inspection", 2))
    client.force_login(UserFactory(superuser=True))
    places = [LocationFactory(code=code).pk for code in ("W1", "S1")]
    form = {"source": places[0], "destination": places[1], "goods": "A1 2"}
    address = reverse("admin:inventory_transfer_draft")
    page = client.post(address, form | {"condition": "inspection"})
    assert page.status_code == 302, page.content.decode()
    (drafted,) = api.get("transfers").json()["results"]
    assert drafted["condition"] == "inspection"
