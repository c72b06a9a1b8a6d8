"""Adjustments over the API: reality is recorded, promises give way to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from core.outbox.models import Event
from inventory.models import StockMovement
from orders.models import Fulfilment, OrderLine
from tests.conftest import ApiCaller, make_caller
from tests.factories import ChannelFactory, LocationFactory, SkuFactory, stock_up
from tests.inventory.laws import assert_pool_laws
from tests.inventory.stock_helpers import (
    NO_QUANTITIES,
    balances,
    hold,
    nothing_written,
    order,
    pointers,
    problem,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def world() -> Iterator[None]:
    """Ten of A1 in W1."""
    ChannelFactory(code="web")
    stock_up(SkuFactory(code="A1"), LocationFactory(code="W1"), 10)
    yield
    assert_pool_laws()


def line(on_hand: Any = None, unavailable: Any = None, **more: Any) -> dict[str, Any]:
    given = {"on_hand_delta": on_hand, "unavailable_delta": unavailable}
    return (
        {"sku": "A1", "location": "W1"}
        | {name: value for name, value in given.items() if value is not None}
        | more
    )


def adjust(api: ApiCaller, *lines: dict[str, Any], reason: str = "lost") -> Any:
    return api.post("stock/adjustments", {"reason": reason, "reference": "N1", "lines": lines})


def test_differences_are_recorded_with_their_reason(api: ApiCaller) -> None:
    answer = adjust(api, line(unavailable=3), reason="damaged")
    assert answer.status_code == 201
    (row,) = answer.json()["lines"]
    assert (row["on_hand"], row["unavailable"], row["available"]) == (10, 3, 7)
    assert answer.json()["broken"] == []
    movement = StockMovement.objects.latest("id")
    assert (movement.reason, movement.reference) == ("damaged", "N1")


def test_lines_of_one_row_are_summed_and_shown_once(api: ApiCaller) -> None:
    answer = adjust(api, line(-3), line(1), line(0, 2))
    assert [row["on_hand"] for row in answer.json()["lines"]] == [8]
    assert balances("A1", "W1") == (8, 0, 2)


def test_fewer_than_promised_breaks_the_newest_promise(api: ApiCaller) -> None:
    first, second = order(api, "1", 4), order(api, "2", 4)
    answer = adjust(api, line(-5))
    assert answer.status_code == 201
    assert answer.json()["broken"] == [
        {"sku": "A1", "location": "W1", "quantity": 3, "reference": second}
    ]
    assert balances("A1", "W1") == (5, 5, 0)
    by_order = dict(OrderLine.objects.values_list("order__number", "reserved"))
    assert by_order == {first: 4, second: 1}
    (event,) = Event.objects.filter(type="reservation.broken")
    assert event.order == second


def test_a_broken_promise_is_kept_from_another_location(api: ApiCaller) -> None:
    order(api, "1", 4)
    stock_up(StockMovement.objects.earliest("id").sku, LocationFactory(code="W2"), 10)
    adjust(api, line(-10))
    assert balances("A1", "W2") == (10, 4, 0)
    assert OrderLine.objects.get().reserved == 4
    states = Fulfilment.objects.order_by("id").values_list("location__code", "state")
    assert list(states) == [("W1", "rejected"), ("W2", "open")]


def test_what_comes_to_light_fills_backorders(api: ApiCaller) -> None:
    order(api, "1", 12, allow_backorder=True)
    assert OrderLine.objects.get().backordered == 2
    adjust(api, line(2), reason="found")
    assert OrderLine.objects.get().reserved == 12


def test_a_cart_hears_that_its_hold_broke(api: ApiCaller) -> None:
    cart = hold(api, ("A1", 8))
    answer = adjust(api, line(-10))
    assert answer.json()["broken"][0]["reference"] == f"reservations/{cart}"
    event = Event.objects.get(type="reservation.broken")
    assert event.subject == f"reservations/{cart}"
    assert (event.data["id"], event.data["state"]) == (cart, "broken")
    assert api.get(f"reservations/{cart}").json()["state"] == "broken"


def test_units_set_aside_go_when_even_they_are_not_there(api: ApiCaller) -> None:
    adjust(api, line(unavailable=6), reason="damaged")
    assert adjust(api, line(-7)).status_code == 201
    assert balances("A1", "W1") == (3, 0, 3)
    moves = StockMovement.objects.order_by("-id").values_list(
        "reason", "on_hand_delta", "unavailable_delta"
    )
    assert list(moves[:2]) == [("lost", -7, 0), ("damaged", 0, -3)]


@pytest.mark.parametrize("impossible", [line(-11), line(0, -1), line(0, 11), line(-10, 1)], ids=str)
def test_what_cannot_be_is_refused_with_the_balances(
    api: ApiCaller, impossible: dict[str, Any]
) -> None:
    order(api, "1", 4)
    with nothing_written():
        answer = adjust(api, impossible)
    (told,) = problem(answer, 409, "balance_out_of_range")["lines"]
    assert (told["sku"], told["location"]) == ("A1", "W1")
    assert (told["on_hand"], told["reserved"], told["unavailable"]) == (10, 4, 0)


def test_one_impossible_line_keeps_all_from_being_recorded(api: ApiCaller) -> None:
    SkuFactory(code="A2")
    with nothing_written():
        problem(adjust(api, line(-1), line(-1, sku="A2")), 409, "balance_out_of_range")
    assert balances("A1", "W1") == (10, 0, 0)


@pytest.mark.parametrize("reason", ["", "receipt", "reserved", "stolen", None, 3])
def test_a_reason_is_one_of_those_for_people(api: ApiCaller, reason: Any) -> None:
    with nothing_written():
        answer = adjust(api, line(-1), reason=reason)
    assert set(pointers(answer)) == {"/reason"}
    if reason == "stolen":
        assert "damaged, inspection" in answer.json()["errors"][0]["detail"]


@pytest.mark.parametrize("difference", [d for d in NO_QUANTITIES if d not in (0, -1)], ids=repr)
def test_what_is_no_difference_is_refused(api: ApiCaller, difference: Any) -> None:
    with nothing_written():
        answer = api.post(
            "stock/adjustments",
            {
                "reason": "lost",
                "lines": [{"sku": "A1", "location": "W1", "on_hand_delta": difference}],
            },
        )
    assert set(pointers(answer)) == {"/lines/0/on_hand_delta"}


@pytest.mark.parametrize("nothing", [line(), line(0), line(0, 0)], ids=str)
def test_a_line_without_a_difference_is_refused(api: ApiCaller, nothing: dict[str, Any]) -> None:
    with nothing_written():
        assert pointers(adjust(api, nothing)) == {"/lines/0": "no_difference"}


def test_every_unknown_code_is_named(api: ApiCaller) -> None:
    with nothing_written():
        answer = adjust(api, line(-1, sku="X"), line(-1, location="Y"))
    assert pointers(answer) == {
        "/lines/0/sku": "unknown_sku",
        "/lines/1/location": "unknown_location",
    }


def test_a_client_adjusts_where_it_may() -> None:
    tied = make_caller(["stock:write"], locations=["W2"])
    assert pointers(adjust(tied, line(-1))) == {"/lines/0/location": "unknown_location"}
