"""What carts hold, over the API."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from core.outbox.models import Event
from inventory.models import Sku
from inventory.tasks import expire_reservations
from stores.models import Location
from tests.conftest import ApiCaller, make_caller
from tests.factories import ChannelFactory, LocationFactory, RingFenceFactory, SkuFactory, stock_up
from tests.inventory.laws import assert_pool_laws
from tests.inventory.stock_helpers import (
    NO_QUANTITIES,
    balances,
    cart,
    expire_cart,
    hold,
    nothing_written,
    order,
    pointers,
    problem,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def world() -> Iterator[None]:
    """Ten of A1 and four of A2 in W1, three of A1 in S1, which is asked later."""
    ChannelFactory(code="web")
    w1, s1 = LocationFactory(code="W1", priority=1), LocationFactory(code="S1", priority=2)
    a1, a2 = SkuFactory(code="A1"), SkuFactory(code="A2")
    stock_up(a1, w1, 10)
    stock_up(a2, w1, 4)
    stock_up(a1, s1, 3)
    yield
    assert_pool_laws()


def taken(answer: Any) -> set[tuple[str, str, int]]:
    assert answer.status_code == 201, answer.content
    return {(line["sku"], line["location"], line["quantity"]) for line in answer.json()["lines"]}


def short_of(answer: Any) -> tuple[str, int, int, str | None]:
    [line] = problem(answer, 409, "insufficient_stock")["lines"]
    return line["sku"], line["requested"], line["available"], line.get("location")


class TestHolding:
    def test_the_answer_says_what_is_held_and_until_when(self, api: ApiCaller) -> None:
        answer = api.post("reservations", cart(("A1", 2), ("A2", 1)))
        assert taken(answer) == {("A1", "W1", 2), ("A2", "W1", 1)}
        body = answer.json()
        assert (body["state"], body["channel"], body["reference"]) == ("held", "web", "cart-1")
        assert body["allowed_actions"] == ["extend", "release"]
        assert balances("A1", "W1") == (10, 2, 0)
        assert api.get(f"reservations/{body['id']}").json() == body
        event = Event.objects.get(type="reservation.held")
        assert (event.subject, event.data) == (f"reservations/{body['id']}", body)

    def test_what_is_held_no_other_cart_gets(self, api: ApiCaller) -> None:
        hold(api, ("A1", 13))
        with nothing_written():
            answer = api.post("reservations", cart(("A1", 1)))
        assert short_of(answer) == ("A1", 1, 0, None)

    def test_all_lines_or_none(self, api: ApiCaller) -> None:
        with nothing_written():
            answer = api.post("reservations", cart(("A1", 2), ("A2", 5)))
        assert short_of(answer) == ("A2", 5, 4, None)

    def test_a_line_that_one_location_cannot_give_comes_from_two(self, api: ApiCaller) -> None:
        answer = api.post("reservations", cart(("A1", 12)))
        assert taken(answer) == {("A1", "W1", 10), ("A1", "S1", 2)}

    def test_a_line_may_insist_on_its_location(self, api: ApiCaller) -> None:
        assert taken(api.post("reservations", cart(("A1", 2, "S1")))) == {("A1", "S1", 2)}
        answer = api.post("reservations", cart(("A1", 2, "S1")))
        assert short_of(answer) == ("A1", 2, 1, "S1")

    def test_lines_of_one_sku_are_summed(self, api: ApiCaller) -> None:
        assert taken(api.post("reservations", cart(("A2", 2), ("A2", 2)))) == {("A2", "W1", 4)}
        problem(api.post("reservations", cart(("A1", 7), ("A1", 7))), 409, "insufficient_stock")

    def test_the_same_key_holds_once(self, api: ApiCaller) -> None:
        answers = [api.post("reservations", cart(("A1", 2)), key="cart") for _ in range(2)]
        assert answers[0].json() == answers[1].json()
        assert balances("A1", "W1") == (10, 2, 0)

    def test_only_where_the_channel_sells(self, api: ApiCaller) -> None:
        ChannelFactory(code="shop", locations=[Location.objects.get(code="S1")])
        assert taken(api.post("reservations", cart(("A1", 3), channel="shop"))) == {("A1", "S1", 3)}
        answer = api.post("reservations", cart(("A2", 1), channel="shop"))
        problem(answer, 409, "insufficient_stock")

    def test_what_is_fenced_for_another_channel_is_not_held(self, api: ApiCaller) -> None:
        RingFenceFactory(
            channel=ChannelFactory(code="market"),
            sku=Sku.objects.get(code="A2"),
            location=Location.objects.get(code="W1"),
            quantity=3,
        )
        problem(api.post("reservations", cart(("A2", 2))), 409, "insufficient_stock")
        assert taken(api.post("reservations", cart(("A2", 4), channel="market"))) == {
            ("A2", "W1", 4)
        }

    def test_safety_stock_is_not_held(self, api: ApiCaller) -> None:
        lines = [{"sku": "A2", "location": "W1", "safety_stock": 3}]
        assert api.put("stock/safety-stock", {"lines": lines}).status_code == 200
        problem(api.post("reservations", cart(("A2", 2))), 409, "insufficient_stock")

    def test_an_order_takes_over_what_its_cart_held(self, api: ApiCaller) -> None:
        held = hold(api, ("A2", 4))
        order(api, "1", 4, sku="A2", reservation_id=held)
        assert balances("A2", "W1") == (4, 4, 0)
        shown = api.get(f"reservations/{held}").json()
        assert (shown["state"], shown["allowed_actions"]) == ("confirmed", [])
        assert [line["state"] for line in shown["lines"]] == ["confirmed"]
        document = problem(api.post(f"reservations/{held}/release"), 409, "reservation_not_live")
        assert document["state"] == "confirmed"


class TestLetting:
    def test_extending_holds_it_longer(self, api: ApiCaller) -> None:
        held = api.post("reservations", cart(("A1", 2), ttl_seconds=60)).json()
        answer = api.post(f"reservations/{held['id']}/extend", {"ttl_seconds": 3600})
        assert answer.status_code == 200
        gained = datetime.fromisoformat(answer.json()["expires_at"]) - datetime.fromisoformat(
            held["expires_at"]
        )
        assert 3500 < gained.total_seconds() < 3700
        assert api.get(f"reservations/{held['id']}").json() == answer.json()

    def test_releasing_gives_the_units_back_once(self, api: ApiCaller) -> None:
        held = hold(api, ("A1", 2))
        answer = api.post(f"reservations/{held}/release")
        assert (answer.status_code, answer.json()["state"]) == (200, "released")
        assert answer.json()["allowed_actions"] == []
        assert balances("A1", "W1") == (10, 0, 0)
        again = api.post(f"reservations/{held}/release")
        assert (again.status_code, again.json()) == (200, answer.json())
        assert balances("A1", "W1") == (10, 0, 0)

    @pytest.mark.parametrize("action", ["extend", "release"])
    @pytest.mark.parametrize("swept", [False, True])
    def test_what_has_run_out_is_over_swept_or_not(
        self, api: ApiCaller, action: str, swept: bool
    ) -> None:
        held = hold(api, ("A1", 2))
        expire_cart(held)
        if swept:
            expire_reservations()
        shown = api.get(f"reservations/{held}").json()
        assert (shown["state"], shown["lines"][0]["state"]) == ("expired", "expired")
        body = {"ttl_seconds": 60} if action == "extend" else {}
        document = problem(
            api.post(f"reservations/{held}/{action}", body), 409, "reservation_not_live"
        )
        assert document["state"] == "expired"

    def test_the_next_buyer_need_not_wait_for_the_sweep(self, api: ApiCaller) -> None:
        expire_cart(hold(api, ("A2", 4)))
        assert taken(api.post("reservations", cart(("A2", 4)))) == {("A2", "W1", 4)}
        assert Event.objects.filter(type="reservation.expired").count() == 1

    def test_a_hold_that_broke_in_part_is_released_with_the_rest(self, api: ApiCaller) -> None:
        held = hold(api, ("A2", 4))
        lines = [{"sku": "A2", "location": "W1", "on_hand_delta": -1}]
        api.post("stock/adjustments", {"reason": "lost", "lines": lines})
        assert api.get(f"reservations/{held}").json()["lines"][0]["quantity"] == 3
        assert api.post(f"reservations/{held}/release").status_code == 200
        assert balances("A2", "W1") == (3, 0, 0)


class TestRefusals:
    def test_every_unknown_code_is_named(self, api: ApiCaller) -> None:
        with nothing_written():
            answer = api.post("reservations", cart(("X", 1), ("A1", 1, "Y"), channel="Z"))
        assert pointers(answer) == {
            "/channel": "unknown_channel",
            "/lines/0/sku": "unknown_sku",
            "/lines/1/location": "unknown_location",
        }

    @pytest.mark.parametrize("quantity", NO_QUANTITIES, ids=repr)
    def test_what_is_no_quantity_is_refused(self, api: ApiCaller, quantity: Any) -> None:
        with nothing_written():
            answer = api.post("reservations", cart(("A1", quantity)))
        assert set(pointers(answer)) == {"/lines/0/quantity"}

    @pytest.mark.parametrize("seconds", [0, -1, 14_401, 10**20, 1.5, "60", True, None])
    def test_a_cart_holds_for_four_hours_at_most(self, api: ApiCaller, seconds: Any) -> None:
        with nothing_written():
            answer = api.post("reservations", cart(("A1", 1), ttl_seconds=seconds))
        assert set(pointers(answer)) == {"/ttl_seconds"}
        held = hold(api, ("A1", 1), ttl_seconds=14_400)
        answer = api.post(f"reservations/{held}/extend", {"ttl_seconds": seconds})
        assert set(pointers(answer)) == {"/ttl_seconds"}

    @pytest.mark.parametrize(
        "more",
        [
            {"lines": []},
            {"lines": [{"sku": "A1", "quantity": 1}] * 501},
            {"lines": None},
            {"lines": [{"sku": "A1", "quantity": 1, "location": None}]},
            {"reference": ""},
            {"reference": "r" * 129},
            {"reference": None},
            {"channel": ["web"]},
            {"extra": 1},
        ],
        ids=str,
    )
    def test_other_bodies_are_refused(self, api: ApiCaller, more: dict[str, Any]) -> None:
        with nothing_written():
            answer = api.post("reservations", cart(("A1", 1), **more))
        problem(answer, 400, "validation_error")

    @pytest.mark.parametrize(
        "identity", ["1", "x", "6f2d3d6e-6d7c-4f1e-9a53-0e0f6a1f5c11", "9" * 40, "%F0%9F%98%80"]
    )
    def test_an_unknown_reservation_is_not_found(self, api: ApiCaller, identity: str) -> None:
        problem(api.get(f"reservations/{identity}"), 404, "not_found")
        problem(api.post(f"reservations/{identity}/release"), 404, "not_found")
        answer = api.post(f"reservations/{identity}/extend", {"ttl_seconds": 60})
        problem(answer, 404, "not_found")

    def test_another_channels_carts_are_not_seen(self, api: ApiCaller) -> None:
        held = hold(api, ("A1", 1))
        ChannelFactory(code="market", name="Market", kind="marketplace")
        tied = make_caller(["reservations:write"], channels=["market"])
        problem(tied.get(f"reservations/{held}"), 404, "not_found")
        problem(tied.post(f"reservations/{held}/release"), 404, "not_found")
        assert pointers(tied.post("reservations", cart(("A1", 1)))) == {
            "/channel": "unknown_channel"
        }
        assert balances("A1", "W1") == (10, 1, 0)

    def test_a_client_tied_to_a_building_holds_there(self) -> None:
        tied = make_caller(["reservations:write"], locations=["S1"])
        assert taken(tied.post("reservations", cart(("A1", 3)))) == {("A1", "S1", 3)}
        problem(tied.post("reservations", cart(("A1", 1))), 409, "insufficient_stock")
