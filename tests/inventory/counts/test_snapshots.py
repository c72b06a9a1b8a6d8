"""Figures of a system that owns the count, and the drift that they show."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.choices import Reason
from inventory.models import Drift, LastCount, StockMovement
from tests.conftest import ApiCaller, make_caller
from tests.factories import LocationFactory, SkuFactory
from tests.inventory.counts.count_helpers import NOON, moved
from tests.inventory.stock_helpers import balances, nothing_written, order, pointers

pytestmark = pytest.mark.django_db


def snapshot(api: ApiCaller, units: Any, *, hours: float = 0, **more: Any) -> Any:
    """Report A1 in W1 as it was `hours` after noon."""
    return api.post(
        "stock/snapshots",
        {
            "source": "erp",
            "as_of": (NOON + timedelta(hours=hours)).isoformat(),
            "lines": [{"sku": "A1", "location": "W1", "on_hand": units}],
        }
        | more,
    )


def taken(api: ApiCaller, units: Any, **more: Any) -> dict[str, Any]:
    answer = snapshot(api, units, **more)
    assert answer.status_code == 200, answer.content
    (line,) = answer.json()["lines"]
    return line


def figures(line: dict[str, Any]) -> tuple[int, ...]:
    return tuple(line[name] for name in ("reported", "expected", "drift", "on_hand"))


def test_what_moved_since_is_not_counted_twice(api: ApiCaller) -> None:
    moved(-3, hours=1, reason=Reason.CARRIED_OUT)
    line = taken(api, 9)
    assert figures(line) == (9, 10, -1, 6)
    assert [(m["on_hand_delta"], m["reason"]) for m in line["movements"]] == [
        (-3, "carried_out"),
        (10, "receipt"),
    ]
    last = StockMovement.objects.latest("id")
    at = NOON.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    assert (last.reason, last.on_hand_delta, last.reference) == (
        "cycle_count",
        -1,
        f"snapshots/erp/{at}",
    )


def test_the_same_snapshot_twice_changes_nothing(api: ApiCaller) -> None:
    moved(-3, hours=1)
    taken(api, 9)
    before = StockMovement.objects.count()
    assert figures(taken(api, 9)) == (9, 9, 0, 6)
    assert (StockMovement.objects.count(), Drift.objects.count()) == (before, 1)


def test_one_that_is_older_than_what_was_counted_is_superseded(api: ApiCaller) -> None:
    taken(api, 10, hours=2)  # agrees, and stands all the same
    line = taken(api, 4, hours=1)
    assert (line["superseded"], figures(line)) == (True, (4, 10, -6, 10))
    assert not Drift.objects.exists()
    assert balances("A1", "W1") == (10, 0, 0)


def test_what_people_counted_later_stands(api: ApiCaller) -> None:
    count = {"sku": "A1", "location": "W1", "on_hand": 8}
    api.post("stock/counts/apply", {"reason": "cycle_count", "lines": [count]})
    assert taken(api, 10)["superseded"] is True
    assert balances("A1", "W1") == (8, 0, 0)


def test_a_dry_run_only_lists_the_drift(api: ApiCaller) -> None:
    SkuFactory(code="B1")
    moved(2, hours=1)
    with nothing_written():
        answer = snapshot(
            api,
            7,
            dry_run=True,
            lines=[
                {"sku": "A1", "location": "W1", "on_hand": 7},
                {"sku": "B1", "location": "W1", "on_hand": 1},
            ],
        ).json()
    assert answer["id"] is None
    assert [figures(line) for line in answer["lines"]] == [(7, 10, -3, 12), (1, 0, 1, 0)]
    assert not LastCount.objects.exists()


def test_promises_beyond_it_break_and_say_why(api: ApiCaller) -> None:
    number = order(api, "1", 4)
    answer = snapshot(api, 3).json()
    assert answer["broken"] == [{"sku": "A1", "location": "W1", "quantity": 1, "reference": number}]
    told = [entry["text"] for entry in api.get(f"orders/{number}/timeline").json()["results"]]
    assert told[-3:] == [
        "1 x A1 was not at W1 after all: a snapshot of erp found fewer",
        "Cancelled: 1 of line 1 (a snapshot of erp found fewer)",
        "Refund of 1.00 GBP asked for (a snapshot of erp found fewer)",
    ]


def test_drift_is_kept_with_what_moved_between_the_figures(api: ApiCaller) -> None:
    taken(api, 9, hours=0)
    moved(5, hours=1)
    moved(-2, hours=2, reason=Reason.CARRIED_OUT)
    taken(api, 11, hours=3)
    moved(-1, hours=4)  # after the figure: explains nothing
    newest, oldest = api.get("stock/drift", source="erp").json()["results"]
    assert (newest["reported"], newest["expected"], newest["drift"]) == (11, 12, -1)
    assert (newest["since"], newest["as_of"]) == (
        oldest["as_of"],
        (NOON + timedelta(hours=3)).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
    )
    assert [m["on_hand_delta"] for m in newest["movements"]] == [-2, 5]
    assert oldest["since"] is None
    assert [m["on_hand_delta"] for m in oldest["movements"]] == [10]


def test_only_the_newest_movements_are_shown_and_the_others_counted(api: ApiCaller) -> None:
    for _ in range(22):
        moved(1, hours=-0.5)
    taken(api, 5)
    (row,) = api.get("stock/drift").json()["results"]
    assert (len(row["movements"]), row["movements_left_out"]) == (20, 3)


def test_drift_is_chosen_by_location_sku_and_source(api: ApiCaller) -> None:
    LocationFactory(code="W2")
    SkuFactory(code="B1")
    taken(api, 9)
    lines = [{"sku": "B1", "location": "W2", "on_hand": 2}]
    api.post("stock/counts/apply", {"reason": "cycle_count", "lines": lines})
    for query, found in (
        ({}, ["B1", "A1"]),
        ({"location": "W1"}, ["A1"]),
        ({"sku": "B1"}, ["B1"]),
        ({"source": "count"}, ["B1"]),
        ({"source": "pos"}, []),
    ):
        rows = api.get("stock/drift", **query).json()["results"]
        assert [row["sku"] for row in rows] == found, query
    tied = make_caller(["stock:read"], locations=["W2"])
    assert [row["sku"] for row in tied.get("stock/drift").json()["results"]] == ["B1"]


def test_many_lines_cost_what_one_does(api: ApiCaller) -> None:
    def cost(lines: list[Any]) -> int:
        with CaptureQueriesContext(connection) as queries:
            taken_ = snapshot(api, 0, lines=lines)
        assert taken_.status_code == 200
        return len(queries)

    def line(sku: str) -> dict[str, Any]:
        return {"sku": sku, "location": "W1", "on_hand": 3}

    for number in range(30):
        SkuFactory(code=f"M{number}")
    cost([line("A1")])
    one = cost([line("M0")])
    assert cost([line(f"M{number}") for number in range(1, 30)]) == one
    api.get("stock/drift")
    with CaptureQueriesContext(connection) as few:
        api.get("stock/drift", limit=1)
    with CaptureQueriesContext(connection) as many:
        api.get("stock/drift", limit=30)
    assert len(few) == len(many)


@pytest.mark.parametrize(
    ("change", "pointed"),
    [
        ({"source": "count"}, {"/source": "reserved_source"}),
        ({"source": "x" * 33}, {"/source": "max_length"}),
        ({"source": None}, {"/source": "null"}),
        ({"as_of": "2999-01-01T00:00:00Z"}, {"/as_of": "not_in_the_past"}),
        ({"as_of": None}, {"/as_of": "null"}),
        ({"dry_run": 1}, {"/dry_run": "invalid"}),
        ({"lines": []}, {"/lines": "min_length"}),
        (
            {"lines": [{"sku": "X", "location": "Y", "on_hand": 1}]},
            {"/lines/0/sku": "unknown_sku", "/lines/0/location": "unknown_location"},
        ),
        (
            {"lines": [{"sku": "A1", "location": "W1", "on_hand": units} for units in (1, 2)]},
            {"/lines/1": "duplicate_line"},
        ),
        (
            {"lines": [{"sku": "A1", "location": "W1", "on_hand": 10**30}]},
            {"/lines/0/on_hand": "max_value"},
        ),
    ],
)
def test_what_is_no_snapshot_is_named_and_nothing_written(
    api: ApiCaller, change: Any, pointed: Any
) -> None:
    with nothing_written():
        assert pointers(snapshot(api, 1, **change)) == pointed
    assert not LastCount.objects.exists()


def test_a_client_reports_where_it_may() -> None:
    tied = make_caller(["stock:write"], locations=["W2"])
    assert pointers(snapshot(tied, 1)) == {"/lines/0/location": "unknown_location"}
