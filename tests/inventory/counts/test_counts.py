"""Counts over the API: what a person saw, now or a while ago."""

from __future__ import annotations

from typing import Any

import pytest

from core.outbox.models import Event
from inventory.models import StockMovement
from orders.models import OrderLine
from tests.conftest import ApiCaller, make_caller
from tests.factories import LocationFactory
from tests.inventory.counts.count_helpers import adjust_unavailable, count, moved
from tests.inventory.stock_helpers import (
    NO_QUANTITIES,
    balances,
    expire_cart,
    hold,
    nothing_written,
    order,
    pointers,
    problem,
)

pytestmark = pytest.mark.django_db


class TestNow:
    def test_the_record_becomes_what_was_seen(self, api: ApiCaller) -> None:
        answer = count(api, 7)
        assert answer.status_code == 200
        (line,) = answer.json()["lines"]
        assert (line["counted"], line["variance"], line["on_hand"]) == (7, -3, 7)
        movement = StockMovement.objects.latest("id")
        assert (movement.reason, movement.on_hand_delta) == ("cycle_count", -3)

    def test_a_count_that_agrees_leaves_no_movement_but_is_told(self, api: ApiCaller) -> None:
        before = StockMovement.objects.count()
        answer = count(api, 10)
        assert answer.json()["lines"][0]["variance"] == 0
        assert StockMovement.objects.count() == before
        event = Event.objects.get(type="count.applied")
        assert event.subject == f"counts/{answer.json()['id']}"
        assert event.data["lines"] == [
            {
                "sku": "A1",
                "location": "W1",
                "as_of": None,
                "counted": 10,
                "recorded": 10,
                "variance": 0,
                "superseded": False,
            }
        ]

    def test_a_sku_never_stocked_there_may_be_found(self, api: ApiCaller) -> None:
        LocationFactory(code="W2")
        assert count(api, 4, location="W2").status_code == 200
        assert balances("A1", "W2") == (4, 0, 0)

    def test_fewer_than_promised_breaks_the_newest_promise(self, api: ApiCaller) -> None:
        first, second = order(api, "1", 4), order(api, "2", 4)
        answer = count(api, 5)
        assert answer.json()["broken"] == [
            {"sku": "A1", "location": "W1", "quantity": 3, "reference": second}
        ]
        assert balances("A1", "W1") == (5, 5, 0)
        reserved = dict(OrderLine.objects.values_list("order__number", "reserved"))
        assert reserved == {first: 4, second: 1}

    def test_fewer_than_set_aside_takes_from_those_by_their_condition(self, api: ApiCaller) -> None:
        adjust_unavailable(api, 6)
        count(api, 2)
        assert balances("A1", "W1") == (2, 0, 2)
        moves = StockMovement.objects.order_by("-id").values_list(
            "reason", "on_hand_delta", "unavailable_delta"
        )
        assert list(moves[:2]) == [("cycle_count", -8, 0), ("damaged", 0, -4)]

    @pytest.mark.parametrize("seen", [8, 10])
    def test_what_a_picker_missed_is_settled(self, api: ApiCaller, seen: int) -> None:
        adjust_unavailable(api, 3)
        adjust_unavailable(api, 2, reason="missing")
        count(api, seen)
        assert balances("A1", "W1") == (seen, 0, 3)
        last = StockMovement.objects.filter(reason="missing").latest("id")
        assert (last.on_hand_delta, last.unavailable_delta) == (0, -2)
        count(api, seen)
        assert balances("A1", "W1") == (seen, 0, 3)

    @pytest.mark.parametrize("reason", ["found", "lost"])
    def test_what_was_settled_by_hand_is_not_settled_again(
        self, api: ApiCaller, reason: str
    ) -> None:
        adjust_unavailable(api, 3)
        adjust_unavailable(api, 2, reason="missing")
        adjust_unavailable(api, -2, reason=reason)
        count(api, 9)
        assert balances("A1", "W1") == (9, 0, 3)

    def test_what_comes_to_light_after_a_miss_fills_backorders(self, api: ApiCaller) -> None:
        adjust_unavailable(api, 10, reason="missing")
        order(api, "1", 4, allow_backorder=True)
        count(api, 10)
        assert OrderLine.objects.get().reserved == 4

    def test_what_comes_to_light_fills_backorders(self, api: ApiCaller) -> None:
        order(api, "1", 12, allow_backorder=True)
        count(api, 12)
        assert OrderLine.objects.get().reserved == 12

    def test_a_hold_whose_time_is_over_is_no_promise(self, api: ApiCaller) -> None:
        cart = hold(api, ("A1", 6))
        expire_cart(cart)
        number = order(api, "1", 4)
        assert count(api, 4).json()["broken"] == []
        assert OrderLine.objects.get(order__number=number).reserved == 4


class TestExpected:
    def test_a_record_as_expected_is_counted(self, api: ApiCaller) -> None:
        assert count(api, 7, expected=10).status_code == 200

    def test_another_record_is_refused_and_nothing_written(self, api: ApiCaller) -> None:
        with nothing_written():
            answer = count(api, 7, expected=9)
        assert problem(answer, 409, "stale_quantity")["lines"] == [
            {"sku": "A1", "location": "W1", "expected": 9, "on_hand": 10}
        ]

    def test_the_record_is_that_of_the_moment(self, api: ApiCaller) -> None:
        moved(-4, hours=1)
        assert count(api, 9, hours=0, expected=10).status_code == 200
        assert balances("A1", "W1") == (5, 0, 0)

    def test_zero_is_an_expectation_too(self, api: ApiCaller) -> None:
        problem(count(api, 7, expected=0), 409, "stale_quantity")


class TestRefusals:
    @pytest.mark.parametrize("units", [u for u in NO_QUANTITIES if u not in (0, 1_000_001)])
    def test_what_is_no_count_is_refused(self, api: ApiCaller, units: Any) -> None:
        with nothing_written():
            assert set(pointers(count(api, units))) == {"/lines/0/on_hand"}

    def test_two_figures_for_one_row_are_refused(self, api: ApiCaller) -> None:
        line = {"sku": "A1", "location": "W1", "on_hand": 3}
        with nothing_written():
            answer = api.post("stock/counts/apply", {"reason": "cycle_count", "lines": [line] * 2})
        assert pointers(answer) == {"/lines/1": "duplicate_line"}

    def test_every_unknown_code_is_named(self, api: ApiCaller) -> None:
        with nothing_written():
            answer = count(api, 1, sku="X", location="Y")
        assert pointers(answer) == {
            "/lines/0/sku": "unknown_sku",
            "/lines/0/location": "unknown_location",
        }

    @pytest.mark.parametrize("reason", ["lost", "", None])
    def test_a_count_is_no_adjustment(self, api: ApiCaller, reason: Any) -> None:
        body = {"reason": reason, "lines": [{"sku": "A1", "location": "W1", "on_hand": 3}]}
        with nothing_written():
            assert set(pointers(api.post("stock/counts/apply", body))) == {"/reason"}

    def test_a_client_counts_where_it_may(self) -> None:
        tied = make_caller(["stock:write"], locations=["W2"])
        assert pointers(count(tied, 1)) == {"/lines/0/location": "unknown_location"}
