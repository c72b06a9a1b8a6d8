"""`GET /orders`: pages, filters, and a state that is what each order says of itself."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
from django.db.models import F

from orders.choices import OrderState
from orders.models import OrderLine
from tests.conftest import ApiCaller
from tests.factories import ChannelFactory, LocationFactory, SkuFactory, stock_up
from tests.orders.fulfilment_helpers import place, step, units

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shop() -> None:
    ChannelFactory(code="web")
    stock_up(SkuFactory(code="A1"), LocationFactory(code="W1"), 20)
    SkuFactory(code="B1")


def listed(api: ApiCaller, **filters: object) -> list[str]:
    answer = api.get("orders", **filters)
    assert answer.status_code == 200, answer.content
    return [order["number"] for order in answer.json()["results"]]


def ship(api: ApiCaller, order: dict[str, Any]) -> None:
    """Ship the one unit of its first line."""
    code = order["fulfilments"][0]["id"]
    for action, body in (
        ("pick", units(("1", 1))),
        ("pack", None),
        ("ship", {"carrier": "x", "tracking_number": "1"}),
    ):
        step(api, code, action, body)


def test_pages_are_the_newest_first(api: ApiCaller) -> None:
    numbers = [place(api, ("A1", 1), external_id=f"E{n}")["number"] for n in range(3)]
    first = api.get("orders", limit=2).json()
    assert [order["number"] for order in first["results"]] == [numbers[2], numbers[1]]
    rest = api.client.get(first["next"], headers=api.headers).json()
    assert [order["number"] for order in rest["results"]] == [numbers[0]]
    assert rest["next"] is None
    assert listed(api, external_id="E1") == [numbers[1]]
    assert listed(api, external_id="E1", channel="web") == [numbers[1]]
    assert listed(api, external_id="E1", channel="till") == []


def test_an_order_is_listed_in_its_own_state(api: ApiCaller) -> None:
    waits = {"allow_backorder": True}
    orders = [place(api, ("A1", 1)), place(api, ("A1", 1), ("A1", 2))]
    orders += [place(api, ("B1", 1), **waits), place(api, ("A1", 1), ("B1", 2), **waits)]
    for lines in ([("A1", 1)], [("A1", 1), ("A1", 2)]):
        gone = place(api, *lines)
        assert api.post(f"orders/{gone['number']}/cancellations", {"reason": "x"}).status_code < 300
        orders.append(gone)
    done = [place(api, ("A1", 1)) for _ in range(4)]
    half = place(api, ("A1", 1), ("B1", 1), **waits)
    for order in (*done, half):
        ship(api, order)
    for order in done[:2]:
        OrderLine.objects.filter(order__number=order["number"]).update(returned=F("fulfilled"))
    orders += [*done, half]
    said: dict[str, list[str]] = {state: [] for state in OrderState.values}
    for order in orders:
        said[api.get(f"orders/{order['number']}").json()["state"]].append(order["number"])
    assert {state: len(numbers) for state, numbers in said.items()} == {
        "open": 2, "backordered": 2, "partially_fulfilled": 1, "completed": 2, "cancelled": 2,
        "returned": 2,
    }  # fmt: skip
    for state, numbers in said.items():
        assert listed(api, state=state) == numbers[::-1], state
        assert listed(api, state=state, limit=1) == numbers[:-2:-1], state
    assert api.get("orders", state="purple").status_code == 400
    for pair in combinations(said, 2):
        either = sorted([*said[pair[0]], *said[pair[1]]], key=int, reverse=True)
        assert listed(api, state=",".join(pair)) == either, pair


def test_orders_of_a_customer_are_found_by_any_of_their_names(api: ApiCaller) -> None:
    jo = {"external_id": "C-7", "email": "Jo@example.org", "name": "Jo"}
    order = place(api, ("A1", 1), customer=jo, external_id="E7")
    other = place(api, ("A1", 1), customer={"email": "al@example.org"})
    for name in (order["customer_id"], "C-7", "jo@example.org", "Jo@example.org"):
        assert listed(api, customer=name) == [order["number"]], name
    assert listed(api, customer="al@example.org") == [other["number"]]
    assert listed(api, customer="nobody@example.org") == listed(api, customer="0") == []
    for word in (order["number"], "E7", "C-7", "jo@example.org", " E7 "):
        assert listed(api, q=word) == [order["number"]], word
    assert listed(api, q="al@example.org", customer="C-7") == []


def test_orders_are_found_by_when_they_were_placed(api: ApiCaller) -> None:
    first, second = place(api, ("A1", 1)), place(api, ("A1", 1))
    numbers = [first["number"], second["number"]]
    assert listed(api, placed_after="2020-01-01T00:00:00Z") == numbers[::-1]
    assert listed(api, placed_before="2020-01-01T00:00:00Z") == []
    assert listed(api, placed_before="2100-01-01T00:00:00+02:00", ordering="placed_at") == numbers
    assert listed(api, ordering="-placed_at", limit=1) == numbers[1:]
