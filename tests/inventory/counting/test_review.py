"""A count is reviewed, and applied to the record."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest

from core.audit.models import AuditRecord
from core.outbox.models import Event
from inventory.models import StockMovement
from tests.conftest import ApiCaller, make_caller
from tests.inventory.counting.counting_helpers import (
    NOON,
    act,
    done,
    enter,
    finished,
    moved,
    seen,
    skus,
    start,
)
from tests.inventory.stock_helpers import balances, order, pointers, problem

pytestmark = pytest.mark.django_db


class TestReview:
    def test_nothing_counted_is_nothing_to_review(self, api: ApiCaller) -> None:
        problem(api.post(f"stock/counts/{start(api)['id']}/submit"), 409, "nothing_counted")

    def test_a_sku_counted_in_some_of_its_bins_is_not_counted(self, api: ApiCaller) -> None:
        count = start(api, {"skus": ["A1"]})
        enter(api, count, seen(3, "A1", bin="L"))
        refusal = problem(api.post(f"stock/counts/{count['id']}/submit"), 409, "count_incomplete")
        assert refusal["lines"] == [{"sku": "A1", "bins": ["R"]}]
        enter(api, count, {"entry_id": str(uuid.uuid4()), "bin": "R", "empty": True})
        assert act(api, count, "submit")["review"][0]["counted"] == 3

    def test_a_figure_without_a_bin_is_of_all_bins_left(self, api: ApiCaller) -> None:
        count = start(api, {"skus": ["A1"]})
        enter(api, count, seen(3, "A1", bin="L"), seen(7, "A1"))
        assert act(api, count, "submit")["review"][0]["counted"] == 10

    @pytest.mark.parametrize(
        ("recorded", "counted", "threshold", "check"),
        [
            (100, 91, {}, []),
            (100, 90, {}, ["units"]),
            (100, 110, {}, ["units"]),
            (10, 9, {}, []),
            (10, 8, {}, ["percent"]),
            (0, 1, {}, ["percent"]),
            (40, 20, {}, ["units", "percent"]),
            (10, 10, {"units": 1, "percent": 1}, []),
            (10, 5, {"units": 6, "percent": 60}, []),
            (100, 97, {"units": 3}, ["units"]),
        ],
    )
    def test_what_is_far_off_asks_for_a_second_person(
        self, api: ApiCaller, recorded: int, counted: int, threshold: Any, check: list[str]
    ) -> None:
        moved(recorded - 7, sku="C1", hours=-0.5)
        count = start(api, threshold=threshold)
        enter(api, count, seen(counted))
        (row,) = act(api, count, "submit")["review"]
        assert (row["check"], row["needs_approval"]) == (check, bool(check))

    def test_units_that_came_while_it_was_counted_ask_for_one_too(self, api: ApiCaller) -> None:
        """Bin L at noon, one sold, bin R an hour later: was it seen or not?"""
        moved(90, hours=-0.5)
        moved(-1, hours=0.5)
        count = start(api, {"skus": ["A1"]})
        enter(api, count, seen(50, "A1", bin="L", hours=0), seen(50, "A1", bin="R", hours=1))
        (row,) = act(api, count, "submit")["review"]
        assert (row["recorded"], row["variance"], row["check"]) == (99, 1, ["moved"])

    def test_a_counter_cannot_approve_their_own_count(
        self, api: ApiCaller, other: ApiCaller
    ) -> None:
        third = make_caller(["stock:write"])
        count = start(api, {"skus": ["A1", "C1"]})
        enter(api, count, seen(1, "A1", bin="L"), seen(2))
        enter(other, count, seen(1, "A1", bin="R"))
        act(api, count, "submit")
        for caller, own in ((api, ["A1", "C1"]), (other, ["A1"])):
            answer = caller.post(f"stock/counts/{count['id']}/approve")
            refusal = problem(answer, 409, "counted_by_yourself")
            assert refusal["lines"] == [{"sku": sku} for sku in own]
        approved = act(other, count, "approve", skus("C1"))
        assert [row["needs_approval"] for row in approved["review"]] == [True, False]
        answer = api.post(f"stock/counts/{count['id']}/apply")
        refusal = problem(answer, 409, "approval_needed")
        assert [line["sku"] for line in refusal["lines"]] == ["A1"]
        assert balances("C1", "W1") == (7, 0, 0)
        act(third, count, "approve")
        assert act(api, count, "apply")["state"] == "applied"
        assert (balances("A1", "W1"), balances("C1", "W1")) == ((2, 0, 0), (2, 0, 0))
        approvals = AuditRecord.objects.filter(action="count.approved").order_by("pk")
        assert approvals.last().data["lines"] == [{"sku": "A1", "variance": -8}]

    def test_an_approval_is_of_one_variance(self, api: ApiCaller, other: ApiCaller) -> None:
        count = start(api)
        enter(api, count, seen(2, hours=1))
        act(api, count, "submit")
        act(other, count, "approve")
        moved(-1, sku="C1", hours=0)  # told after the approval, happened before the count
        refusal = problem(api.post(f"stock/counts/{count['id']}/apply"), 409, "approval_needed")
        assert refusal["lines"] == [
            {"sku": "C1", "counted": 2, "recorded": 6, "variance": -4, "check": ["percent"]}
        ]
        act(other, count, "approve")
        act(api, count, "apply")
        assert balances("C1", "W1") == (2, 0, 0)

    def test_unknown_lines_are_named(self, api: ApiCaller) -> None:
        count = start(api)
        for action in ("approve", "recount"):
            answer = api.post(f"stock/counts/{count['id']}/{action}", skus("C1", "NONE"))
            assert pointers(answer) == {"/lines/1/sku": "unknown_sku"}


class TestApplying:
    def test_each_sku_is_put_right_against_its_own_moment(self, api: ApiCaller) -> None:
        count = start(api, {"skus": ["B1", "C1"]})
        moved(-1, sku="B1", hours=1)  # after B1 was counted, before C1 was
        moved(-1, sku="C1", hours=1)
        applied = finished(api, count, seen(4, "B1", hours=0), seen(4, hours=2))
        assert (balances("B1", "W1"), balances("C1", "W1")) == ((3, 0, 0), (4, 0, 0))
        assert [(row["recorded"], row["variance"]) for row in applied["review"]] == [
            (5, -1),
            (6, -2),
        ]
        moves = StockMovement.objects.filter(reference=f"counts/{count['id']}").order_by("pk")
        assert [(m.reason, m.on_hand_delta, m.occurred_at) for m in moves] == [
            ("cycle_count", -1, NOON),
            ("cycle_count", -2, NOON + timedelta(hours=2)),
        ]
        assert (applied["state"], applied["allowed_actions"], applied["broken"]) == (
            "applied",
            [],
            [],
        )
        event = Event.objects.get(type="count.applied")
        assert event.subject == f"counts/{count['id']}"
        assert [line["variance"] for line in event.data["lines"]] == [-1, -2]
        assert done(api.get(f"stock/counts/{count['id']}"))["review"] == applied["review"]

    def test_what_was_not_counted_is_not_touched(self, api: ApiCaller) -> None:
        finished(api, start(api, {"skus": ["A1", "B1", "C1"]}), seen(7))
        assert (balances("A1", "W1"), balances("B1", "W1")) == ((10, 0, 0), (5, 0, 0))

    def test_promises_beyond_it_break_and_backorders_fill(self, api: ApiCaller) -> None:
        kept, broken = order(api, "1", 4, sku="C1"), order(api, "2", 3, sku="C1")
        waiting = order(api, "3", 6, sku="B1", allow_backorder=True)
        count = start(api, {"skus": ["B1", "C1"]})
        applied = finished(api, count, seen(4), seen(6, "B1"))
        assert applied["broken"] == [
            {"sku": "C1", "location": "W1", "quantity": 3, "reference": broken}
        ]
        assert done(api.get(f"orders/{kept}"))["lines"][0]["reserved"] == 4
        assert done(api.get(f"orders/{waiting}"))["lines"][0]["reserved"] == 6

    def test_of_two_counts_the_later_look_stands(self, api: ApiCaller) -> None:
        first, second = start(api), start(api)
        finished(api, second, seen(7, hours=2))
        applied = finished(api, first, seen(9, hours=1))
        assert applied["review"][0]["superseded"] is True
        assert balances("C1", "W1") == (7, 0, 0)

    @pytest.mark.parametrize("end", ["cancel", "apply"])
    def test_what_has_ended_stays_ended(self, api: ApiCaller, end: str) -> None:
        count = start(api)
        enter(api, count, seen(7))
        act(api, count, "submit")
        act(api, count, end)
        state = {"cancel": "cancelled", "apply": "applied"}[end]
        for action, body in (
            ("entries", {"entries": [seen(1)]}),
            ("submit", None),
            ("approve", None),
            ("recount", skus("C1")),
            ("apply", None),
            ("cancel", None),
        ):
            refusal = problem(
                api.post(f"stock/counts/{count['id']}/{action}", body), 409, "illegal_transition"
            )
            assert (refusal["state"], refusal["allowed_actions"]) == (state, [])
        assert balances("C1", "W1") == (7, 0, 0)

    def test_a_count_in_the_making_is_not_applied(self, api: ApiCaller) -> None:
        count = start(api)
        enter(api, count, seen(1))
        refusal = problem(api.post(f"stock/counts/{count['id']}/apply"), 409, "illegal_transition")
        assert refusal["allowed_actions"] == ["enter", "submit", "cancel"]
        assert balances("C1", "W1") == (7, 0, 0)


def test_what_was_counted_before_its_first_record_is_counted_again(api: ApiCaller) -> None:
    """It was seen before the goods were booked in: they would be added to it."""
    count = start(api, {"skus": ["B1", "C1"]})
    enter(api, count, seen(3, "B1", hours=-1.5), seen(7, "C1", hours=0))
    act(api, count, "submit")
    act(make_caller(["stock:write"]), count, "approve")
    path = f"stock/counts/{count['id']}/apply"
    document = problem(api.post(path), 422, "counted_too_early")
    assert [line["sku"] for line in document["lines"]] == ["B1"]
    act(api, count, "recount", skus("B1"))
    finished(api, count, seen(5, "B1", hours=1))
    assert balances("B1", "W1") == (5, 0, 0)


def test_the_variance_that_is_told_is_the_one_that_moves(api: ApiCaller) -> None:
    """More has left since than was counted: nothing is taken below zero, and nothing is told."""
    moved(10, sku="C1", hours=-2)
    before = balances("C1", "W1")[0]
    count = start(api, {"skus": ["C1"]})
    moved(-before, sku="C1", hours=1, reason="shipped")
    applied = finished(api, count, seen(before - 3, hours=0))
    (line,) = applied["review"]
    posted = StockMovement.objects.filter(reference=f"counts/{count['id']}")
    assert (line["recorded"], line["counted"]) == (before, before - 3)
    assert line["variance"] == sum(posted.values_list("on_hand_delta", flat=True)) == 0
    assert balances("C1", "W1")[0] == 0
