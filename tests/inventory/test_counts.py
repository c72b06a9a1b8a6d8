"""Counts over the API: what somebody saw, now or a while ago."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from inventory import ledger
from inventory.choices import Reason
from inventory.ledger import Entry
from inventory.models import Sku, StockMovement
from omniretail.outbox.models import Event
from orders.models import OrderLine
from stores.models import Location
from tests.builders import make_channel, make_location, make_sku
from tests.conftest import ApiCaller, make_caller
from tests.inventory.floor import (
    NO_QUANTITIES,
    balances,
    hold,
    nothing_written,
    order,
    pointers,
    problem,
    run_out,
)
from tests.inventory.laws import assert_pool_laws

pytestmark = pytest.mark.django_db

NOON = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=6)


def moved(on_hand: int, *, hours: float, reason: str = Reason.RECEIPT) -> None:
    """Let units of A1 in W1 have moved so many hours after noon."""
    pair = Sku.objects.get(code="A1").pk, Location.objects.get(code="W1").pk
    ledger.open_rows([pair])
    ledger.post(
        [
            Entry(
                *pair,
                on_hand=on_hand,
                reason=reason,
                occurred_at=NOON + timedelta(hours=hours),
            )
        ],
        actor="floor",
    )


def recorded(on_hand: int, *, at: datetime) -> None:
    """Let units of A1 in W1 have moved and been recorded at a moment, as no command can."""
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO inventory_stockmovement (sku_id, location_id, on_hand_delta,
                   reserved_delta, unavailable_delta, on_hand_after, reserved_after,
                   unavailable_after, reason, reference, actor, occurred_at, recorded_at)
               SELECT sku_id, location_id, %(units)s, 0, 0, on_hand + %(units)s, reserved,
                      unavailable, 'receipt', '', 'past', %(at)s, %(at)s FROM inventory_stock;
               UPDATE inventory_stock SET on_hand = on_hand + %(units)s""",
            {"units": on_hand, "at": at},
        )


@pytest.fixture(autouse=True)
def world() -> Iterator[None]:
    """Ten of A1 in W1, since an hour before noon."""
    make_channel("web")
    make_sku("A1")
    make_location("W1")
    moved(10, hours=-1)
    yield
    assert_pool_laws()


def count(api: ApiCaller, units: Any, *, hours: float | None = None, **more: Any) -> Any:
    """Count A1 in W1; `hours` after noon, or now."""
    body: dict[str, Any] = {
        "reason": "cycle_count",
        "lines": [{"sku": "A1", "location": "W1", "on_hand": units} | more],
    }
    if hours is not None:
        body["as_of"] = (NOON + timedelta(hours=hours)).isoformat()
    return api.post("stock/counts/apply", body)


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
        make_location("W2")
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
        run_out(cart)
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


class TestLate:
    def test_what_moved_since_stays_moved(self, api: ApiCaller) -> None:
        moved(-3, hours=1)
        moved(5, hours=2)
        answer = count(api, 8, hours=0)
        (line,) = answer.json()["lines"]
        assert (line["counted"], line["variance"], line["on_hand"]) == (8, -2, 10)
        movement = StockMovement.objects.latest("id")
        assert movement.occurred_at == NOON
        assert answer.json()["as_of"] == NOON.strftime("%Y-%m-%dT%H:%M:%S.000Z")

    def test_what_a_picker_missed_later_stays_set_aside(self, api: ApiCaller) -> None:
        adjust_unavailable(api, 2, reason="missing")
        count(api, 8, hours=-0.5)
        assert balances("A1", "W1") == (8, 0, 2)
        count(api, 8)
        assert balances("A1", "W1") == (8, 0, 0)

    def test_what_had_happened_by_then_counts_even_if_it_was_told_later(
        self, api: ApiCaller
    ) -> None:
        """A till sale of before the count, recorded after it: the counter saw the gap already."""
        moved(-1, hours=-0.5)
        count(api, 9, hours=0)
        assert balances("A1", "W1") == (9, 0, 0)

    def test_counts_sent_in_their_order_correct_once(self, api: ApiCaller) -> None:
        count(api, 8, hours=0)
        count(api, 8, hours=1)
        assert balances("A1", "W1") == (8, 0, 0)

    def test_a_later_count_stands_against_an_earlier_one_that_comes_after_it(
        self, api: ApiCaller
    ) -> None:
        count(api, 8, hours=1)
        moved(-2, hours=2)
        answer = count(api, 9, hours=0)
        (line,) = answer.json()["lines"]
        assert (line["superseded"], line["variance"]) == (True, 0)
        assert balances("A1", "W1") == (6, 0, 0)

    def test_a_later_count_that_agreed_stands_too(self, api: ApiCaller) -> None:
        count(api, 10, hours=1)
        (line,) = count(api, 8, hours=0).json()["lines"]
        assert (line["superseded"], line["variance"]) == (True, 0)
        assert balances("A1", "W1") == (10, 0, 0)

    def test_more_left_since_than_was_seen_leaves_nothing_not_less(self, api: ApiCaller) -> None:
        moved(-6, hours=1)
        count(api, 2, hours=0)
        assert balances("A1", "W1") == (0, 0, 0)

    def test_a_row_with_a_long_past_is_rebased_alike(self, api: ApiCaller) -> None:
        for days in range(20, 0, -1):
            recorded(1, at=NOON - timedelta(days=days))
        moved(-3, hours=1)
        count(api, 29, hours=0)
        assert balances("A1", "W1") == (26, 0, 0)

    @pytest.mark.parametrize(
        "moment",
        [
            "2999-01-01T00:00:00Z",
            "2026-03-29T14:00:00",
            "2026-03-29",
            "14:00",
            "2026-02-30T14:00:00Z",
            "2026-03-29T25:00:00Z",
            "1999-12-31T23:59:59Z",
            "0001-01-01T00:00:00+14:00",
            "9999-12-31T23:59:59-14:00",
            "",
            1774792800,
            True,
            ["2026-03-29T14:00:00Z"],
        ],
    )
    def test_a_moment_that_is_none_or_not_in_the_past_is_refused(
        self, api: ApiCaller, moment: Any
    ) -> None:
        with nothing_written():
            answer = api.post(
                "stock/counts/apply",
                {
                    "reason": "cycle_count",
                    "as_of": moment,
                    "lines": [{"sku": "A1", "location": "W1", "on_hand": 7}],
                },
            )
        assert set(pointers(answer)) == {"/as_of"}


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


def adjust_unavailable(api: ApiCaller, units: int, *, reason: str = "damaged") -> None:
    lines = [{"sku": "A1", "location": "W1", "unavailable_delta": units}]
    answer = api.post("stock/adjustments", {"reason": reason, "lines": lines})
    assert answer.status_code == 201
