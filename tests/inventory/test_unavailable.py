"""Units that may not be sold: set apart, moved from one condition to another, and told of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory import ledger
from inventory.choices import Condition, Reason
from inventory.conditions import draw, named_by, read_conditions
from inventory.ledger import Entry
from inventory.models import Sku, StockMovement
from omniretail.outbox.models import Event
from orders.models import Fulfilment, OrderLine
from stores.models import Location
from tests.builders import make_channel, make_location, make_sku, stock_up
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
from tests.orders.desk import place, step

CONDITIONS = [condition.value for condition in Condition]


@pytest.fixture
def world(db: None) -> Iterator[None]:
    """Ten of A1 in W1."""
    make_channel("web")
    stock_up(make_sku("A1"), make_location("W1"), 10)
    yield
    assert_pool_laws()


def line(origin: str, outcome: str, quantity: Any, **more: Any) -> dict[str, Any]:
    named = {"from": origin, "to": outcome, "quantity": quantity}
    return {"sku": "A1", "location": "W1"} | named | more


def move(api: ApiCaller, *lines: dict[str, Any]) -> Any:
    return api.post("stock/unavailable", {"reference": "N1", "lines": lines})


def moved(api: ApiCaller, *lines: dict[str, Any]) -> Any:
    answer = move(api, *lines)
    assert answer.status_code == 201, answer.content
    return answer.json()


def kept(api: ApiCaller, sku: str = "A1", location: str = "W1") -> dict[str, int]:
    """Return the conditions in which there are units."""
    rows = api.get("stock/unavailable", sku=sku, location=location).json()["results"]
    return {name: row[name] for row in rows for name in CONDITIONS if row[name]}


def moves(count: int) -> list[tuple[str, int, int]]:
    """Return the last movements, oldest first: (reason, on_hand, unavailable)."""
    rows = StockMovement.objects.order_by("-id").values_list(
        "reason", "on_hand_delta", "unavailable_delta"
    )
    return list(reversed(rows[:count]))


# Moving


@pytest.mark.parametrize("condition", CONDITIONS)
def test_units_are_set_apart_and_put_back_on_sale(
    world: None, api: ApiCaller, condition: str
) -> None:
    answer = moved(api, line("available", condition, 3))
    (row,) = answer["lines"]
    assert (row["on_hand"], row["unavailable"], row["available"]) == (10, 3, 7)
    assert {name: row[name] for name in CONDITIONS if row[name]} == {condition: 3}
    assert (answer["reference"], answer["broken"]) == ("N1", [])
    assert kept(api) == {condition: 3}
    moved(api, line(condition, "available", 2))
    assert (kept(api), balances("A1", "W1")) == ({condition: 1}, (10, 0, 1))
    assert moves(2) == [(condition, 0, 3), (condition, 0, -2)]


def test_a_unit_that_changes_its_condition_makes_two_movements(world: None, api: ApiCaller) -> None:
    moved(api, line("available", "inspection", 3))
    moved(api, line("inspection", "damaged", 2))
    assert moves(2) == [("inspection", 0, -2), ("damaged", 0, 2)]
    assert kept(api) == {"inspection": 1, "damaged": 2}
    assert balances("A1", "W1") == (10, 0, 3)


@pytest.mark.parametrize("outcome", ["scrapped", "to_vendor"])
def test_units_leave_the_building(world: None, api: ApiCaller, outcome: str) -> None:
    moved(api, line("available", "damaged", 3))
    moved(api, line("damaged", outcome, 2))
    assert moves(2) == [("damaged", 0, -2), (outcome, -2, 0)]
    moved(api, line("available", outcome, 1))
    assert moves(1) == [(outcome, -1, 0)]
    assert (kept(api), balances("A1", "W1")) == ({"damaged": 1}, (7, 0, 1))


def test_lines_are_moved_in_their_order(world: None, api: ApiCaller) -> None:
    answer = moved(
        api,
        line("available", "inspection", 4),
        line("inspection", "quarantine", 3),
        line("quarantine", "available", 1),
    )
    assert len(answer["lines"]) == 1
    assert kept(api) == {"inspection": 1, "quarantine": 2}
    with nothing_written():
        backwards = line("damaged", "available", 1), line("available", "damaged", 1)
        problem(move(api, *backwards), 409, "not_in_condition")


def test_no_more_leaves_a_condition_than_is_in_it(world: None, api: ApiCaller) -> None:
    moved(api, line("available", "damaged", 3), line("available", "missing", 1))
    with nothing_written():
        answer = move(
            api,
            line("damaged", "available", 2),
            line("damaged", "scrapped", 2),
            line("quarantine", "available", 1),
        )
    about = {"sku": "A1", "location": "W1"}
    assert problem(answer, 409, "not_in_condition")["lines"] == [
        about | {"condition": "damaged", "in_condition": 1, "requested": 2},
        about | {"condition": "quarantine", "in_condition": 0, "requested": 1},
    ]


# What was promised


@pytest.mark.parametrize("seen", ["damaged", "missing", "scrapped"])
def test_what_was_seen_breaks_the_newest_promises(world: None, api: ApiCaller, seen: str) -> None:
    first, second = order(api, "1", 4), order(api, "2", 4)
    answer = moved(api, line("available", seen, 5))
    assert answer["broken"] == [{"sku": "A1", "location": "W1", "quantity": 3, "reference": second}]
    by_order = dict(OrderLine.objects.values_list("order__number", "reserved"))
    assert by_order == {first: 4, second: 1}
    assert Event.objects.get(type="reservation.broken").order == second
    apart = 0 if seen == "scrapped" else 5
    assert balances("A1", "W1") == (5 + apart, 5, apart)


def test_a_broken_promise_is_kept_from_another_location(world: None, api: ApiCaller) -> None:
    order(api, "1", 4)
    stock_up(Sku.objects.get(), make_location("W2"), 10)
    moved(api, line("available", "damaged", 10))
    assert balances("A1", "W2") == (10, 4, 0)
    states = Fulfilment.objects.order_by("id").values_list("location__code", "state")
    assert list(states) == [("W1", "rejected"), ("W2", "open")]


@pytest.mark.parametrize("decided", ["inspection", "quarantine", "to_vendor"])
def test_a_decision_takes_only_what_nobody_was_promised(
    world: None, api: ApiCaller, decided: str
) -> None:
    order(api, "1", 4)
    with nothing_written():
        answer = move(api, line("available", decided, 7))
    (told,) = problem(answer, 409, "not_in_condition")["lines"]
    assert (told["condition"], told["in_condition"], told["requested"]) == ("available", 6, 7)
    moved(api, line("available", decided, 6))


def test_no_more_is_seen_than_is_on_record(world: None, api: ApiCaller) -> None:
    moved(api, line("available", "quarantine", 2))
    with nothing_written():
        answer = move(api, line("available", "damaged", 9))
    (told,) = problem(answer, 409, "not_in_condition")["lines"]
    assert (told["in_condition"], told["requested"]) == (8, 9)


def test_holds_that_ran_out_are_nobodys(world: None, api: ApiCaller) -> None:
    run_out(hold(api, ("A1", 8)))
    moved(api, line("available", "quarantine", 10))
    assert balances("A1", "W1") == (10, 0, 10)


def test_what_is_put_back_on_sale_fills_backorders(world: None, api: ApiCaller) -> None:
    moved(api, line("available", "inspection", 10))
    order(api, "1", 3, allow_backorder=True)
    moved(api, line("inspection", "damaged", 5), line("inspection", "available", 2))
    assert OrderLine.objects.values_list("reserved", "backordered").get() == (2, 1)
    assert Fulfilment.objects.get().state == "open"


# Other acts say which condition they move


def test_a_short_pick_leaves_units_missing_and_a_count_settles_them(
    world: None, api: ApiCaller
) -> None:
    place(api, ("A1", 4))
    walk = api.post("pick-lists", {"location": "W1", "max_orders": 1, "mode": "single"}).json()
    short = f"pick-lists/{walk['id']}/lines/{walk['lines'][0]['id']}/short"
    assert api.post(short, {"found": 1}).status_code == 200
    moved(api, line("available", "damaged", 1))
    assert kept(api) == {"missing": 3, "damaged": 1}
    sent = {"sku": "A1", "location": "W1", "on_hand": 9}
    api.post("stock/counts/apply", {"reason": "cycle_count", "lines": [sent]})
    assert kept(api) == {"damaged": 1}


def test_a_rejected_unit_is_damaged(world: None, api: ApiCaller) -> None:
    fulfilment = place(api, ("A1", 2))["fulfilments"][0]["id"]
    given_up = [{"line_id": "1", "quantity": 1, "reason": "damaged"}]
    step(api, fulfilment, "reject", {"lines": given_up})
    assert kept(api) == {"damaged": 1}


def returned(api: ApiCaller, *dispositions: str) -> str:
    """Sell units and take them back, one in each disposition; return the return's id."""
    number, quantity = len(dispositions), len(dispositions)
    bought = place(api, ("A1", number))
    fulfilment = bought["fulfilments"][0]["id"]
    for action, body in (
        ("pick", {"lines": [{"line_id": "1", "quantity": quantity}]}),
        ("pack", {}),
        ("ship", {"carrier": "Post", "tracking_number": "1"}),
    ):
        step(api, fulfilment, action, body)
    lines = [{"line_id": "1", "quantity": quantity, "reason": "too small"}]
    wish = {
        "order": bought["number"],
        "channel": "web",
        "lines": lines,
        "resolution": "refund",
        "drop_off": {"type": "store"},
    }
    identity: str = api.post("returns", wish).json()["id"]
    arrivals = [{"line_id": "1", "quantity": 1, "disposition": each} for each in dispositions]
    answer = api.post(f"returns/{identity}/receipts", {"location": "W1", "lines": arrivals})
    assert answer.status_code == 201, answer.content
    return identity


def decide(api: ApiCaller, ret: str, disposition: str) -> Any:
    decision = {"line_id": "1", "quantity": 1, "location": "W1", "disposition": disposition}
    return api.post(f"returns/{ret}/dispositions", {"lines": [decision]})


def test_returned_goods_walk_through_their_conditions(world: None, api: ApiCaller) -> None:
    ret = returned(api, "inspect", "inspect", "inspect", "inspect", "damaged", "restock")
    assert kept(api) == {"inspection": 4, "damaged": 1}
    for disposition in ("restock", "damaged", "scrap", "to_vendor"):
        assert decide(api, ret, disposition).status_code == 201
    assert kept(api) == {"damaged": 2}
    assert balances("A1", "W1") == (8, 0, 2)


def test_a_return_cannot_decide_about_what_has_left_inspection(world: None, api: ApiCaller) -> None:
    ret = returned(api, "inspect")
    moved(api, line("inspection", "damaged", 1))
    with nothing_written():
        answer = decide(api, ret, "restock")
    (told,) = problem(answer, 409, "not_in_condition")["lines"]
    assert (told["sku"], told["condition"], told["in_condition"]) == ("A1", "inspection", 0)
    moved(api, line("damaged", "inspection", 1))
    assert decide(api, ret, "restock").status_code == 201
    assert kept(api) == {}


def adjust(api: ApiCaller, reason: str, on_hand: int = 0, unavailable: int = 0) -> Any:
    difference = {"on_hand_delta": on_hand, "unavailable_delta": unavailable}
    sent = {"sku": "A1", "location": "W1"} | difference
    return api.post("stock/adjustments", {"reason": reason, "lines": [sent]})


def test_an_adjustment_sets_apart_in_the_condition_that_its_reason_names(
    world: None, api: ApiCaller
) -> None:
    for reason in (*CONDITIONS, "other"):
        assert adjust(api, reason, 0, 1).status_code == 201
    assert kept(api) == {"damaged": 1, "inspection": 1, "quarantine": 2, "missing": 1}


@pytest.mark.parametrize(
    ("reason", "on_hand", "left", "written"),
    [
        ("found", 0, {"damaged": 2, "inspection": 2}, [("found", 0, -2)]),
        ("lost", -2, {"damaged": 2, "inspection": 2}, [("lost", -2, -2)]),
        ("restocked", 0, {"damaged": 2, "missing": 2}, [("restocked", 0, -2)]),
        (
            "scrapped",
            -2,
            {"inspection": 2, "missing": 2},
            [("damaged", 0, -2), ("scrapped", -2, 0)],
        ),
        ("correction", 0, {"damaged": 2, "inspection": 2}, [("missing", 0, -2)]),
    ],
)
def test_an_adjustment_takes_from_where_its_units_most_likely_were(
    world: None,
    api: ApiCaller,
    reason: str,
    on_hand: int,
    left: dict[str, int],
    written: list[tuple[str, int, int]],
) -> None:
    for condition in ("damaged", "inspection", "missing"):
        moved(api, line("available", condition, 2))
    assert adjust(api, reason, on_hand, -2).status_code == 201
    assert kept(api) == left
    assert moves(len(written)) == written


def test_an_adjustment_takes_the_rest_from_other_conditions(world: None, api: ApiCaller) -> None:
    moved(api, line("available", "damaged", 2), line("available", "inspection", 1))
    assert adjust(api, "restocked", 0, -2).status_code == 201
    assert moves(2) == [("damaged", 0, -1), ("restocked", 0, -1)]
    assert kept(api) == {"damaged": 1}


def test_an_adjustment_takes_no_more_from_a_condition_than_is_in_it(
    world: None, api: ApiCaller
) -> None:
    moved(api, line("available", "inspection", 3), line("available", "damaged", 1))
    with nothing_written():
        answer = adjust(api, "damaged", 0, -2)
    (told,) = problem(answer, 409, "not_in_condition")["lines"]
    assert (told["condition"], told["in_condition"], told["requested"]) == ("damaged", 1, 2)
    assert adjust(api, "damaged", -9).status_code == 201  # reality: one is left
    assert balances("A1", "W1") == (1, 0, 1)


def test_a_count_that_finds_too_few_says_which_units_went(world: None, api: ApiCaller) -> None:
    for condition, units in (("damaged", 4), ("quarantine", 3)):
        moved(api, line("available", condition, units))
    sent = {"sku": "A1", "location": "W1", "on_hand": 2}
    api.post("stock/counts/apply", {"reason": "cycle_count", "lines": [sent]})
    assert kept(api) == {"damaged": 2}
    assert moves(3) == [("quarantine", 0, -3), ("damaged", 0, -2), ("cycle_count", -8, 0)]


# Reading


def test_the_list_shows_rows_with_something_set_apart(world: None, api: ApiCaller) -> None:
    stock_up(make_sku("A2"), make_location("W2"), 5)
    place_ = {"sku": "A2", "location": "W2"}
    assert api.get("stock/unavailable").json()["results"] == []
    moved(api, line("available", "damaged", 1), line("available", "missing", 2, **place_))
    first, second = api.get("stock/unavailable").json()["results"]
    assert first == {
        "sku": "A1",
        "location": "W1",
        "unavailable": 1,
        "damaged": 1,
        "inspection": 0,
        "quarantine": 0,
        "missing": 0,
    }
    assert (second["sku"], second["unavailable"], second["missing"]) == ("A2", 2, 2)
    assert kept(api, "A2", "W2") == {"missing": 2}
    assert api.get("stock/unavailable", sku="A1", location="W2").json()["results"] == []


def test_ledgers_from_before_are_read_without_losing_a_unit(world: None, api: ApiCaller) -> None:
    """Movements under reasons that name no condition, as they were once written."""
    spot = Sku.objects.get().pk, Location.objects.get().pk
    entries = [
        Entry(*spot, unavailable=5, reason=Reason.DAMAGED),
        Entry(*spot, unavailable=2, reason=Reason.CORRECTION),
        Entry(*spot, unavailable=-3, reason=Reason.RESTOCKED),
        Entry(*spot, on_hand=-1, unavailable=-1, reason=Reason.COUNT),
    ]
    ledger.post(entries, actor="old")
    try:
        assert kept(api) == {"damaged": 3}
        assert sum(kept(api).values()) == balances("A1", "W1")[2]
    finally:  # the laws hold for what is written now
        ledger.post(
            [
                Entry(*spot, unavailable=3, reason=Reason.INSPECTION),
                Entry(*spot, unavailable=-3, reason=Reason.DAMAGED),
            ],
            actor="old",
        )


def test_the_work_does_not_grow_with_the_rows(world: None, api: ApiCaller) -> None:
    place_ = Location.objects.get()
    codes = [make_sku(f"B{number}").code for number in range(20)]
    for sku in Sku.objects.filter(code__in=codes):
        stock_up(sku, place_, 5)

    def statements(act: Any) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert act().status_code < 300
        return len(captured)

    def damage(some: list[str]) -> Any:
        return move(api, *(line("available", "damaged", 1, sku=code) for code in some))

    damage(codes[:1])
    assert statements(lambda: damage(codes[:1])) == statements(lambda: damage(codes))
    shown = statements(lambda: api.get("stock/unavailable", sku="B1"))
    assert statements(lambda: api.get("stock/unavailable")) == shown


# Refusals


def test_every_unknown_code_is_named(world: None, api: ApiCaller) -> None:
    with nothing_written():
        strange = (
            line("available", "damaged", 1, sku="X"),
            line("available", "damaged", 1, location="Y"),
        )
        answer = move(api, *strange)
    assert pointers(answer) == {
        "/lines/0/sku": "unknown_sku",
        "/lines/1/location": "unknown_location",
    }


@pytest.mark.parametrize("quantity", NO_QUANTITIES, ids=repr)
def test_what_is_no_quantity_is_refused(world: None, api: ApiCaller, quantity: Any) -> None:
    with nothing_written():
        answer = move(api, line("available", "damaged", quantity))
    assert set(pointers(answer)) == {"/lines/0/quantity"}


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        (line("scrapped", "available", 1), "/lines/0/from"),
        (line("available", "lost", 1), "/lines/0/to"),
        (line("available", "available", 1), "/lines/0/to"),
        (line("damaged", "damaged", 1), "/lines/0/to"),
        (line(None, ["damaged"], 1), "/lines/0/from"),  # type: ignore[arg-type]
        (line("available", "damaged", 1, reason="dropped"), "/lines/0/reason"),
        ({"sku": "A1", "location": "W1", "quantity": 1}, "/lines/0/from"),
        ("A1", "/lines/0"),
    ],
    ids=str,
)
def test_other_lines_are_refused(world: None, api: ApiCaller, wrong: Any, pointer: str) -> None:
    with nothing_written():
        assert pointer in pointers(move(api, wrong))


def test_the_same_key_moves_once(world: None, api: ApiCaller) -> None:
    sent = {"lines": [line("available", "damaged", 2)]}
    first, again = (api.post("stock/unavailable", sent, key="box-1") for _ in range(2))
    assert first.json() == again.json()
    assert kept(api) == {"damaged": 2}


def test_a_client_moves_and_sees_where_it_may(world: None, api: ApiCaller) -> None:
    moved(api, line("available", "damaged", 1))
    tied = make_caller(["stock:read", "stock:write"], locations=["W2"])
    assert tied.get("stock/unavailable").json()["results"] == []
    assert pointers(move(tied, line("damaged", "available", 1))) == {
        "/lines/0/location": "unknown_location"
    }
    reader = make_caller(["stock:read"])
    problem(move(reader, line("damaged", "available", 1)), 403, "forbidden")


# The reading by itself


@pytest.mark.parametrize("condition", Condition)
def test_each_condition_is_named_by_its_own_reason(condition: Condition) -> None:
    assert named_by(condition.value, 1) == named_by(condition.value, -1) == condition


def test_no_unit_is_lost_or_counted_twice() -> None:
    sums = [("damaged", 5), ("inspection", 2), ("restocked", -4), ("cycle_count", -1), ("other", 1)]
    kept = read_conditions(sums)
    assert sum(kept.values()) == sum(units for _, units in sums)
    assert min(kept.values()) == 0
    assert kept == {
        Condition.DAMAGED: 3,
        Condition.INSPECTION: 0,
        Condition.QUARANTINE: 0,
        Condition.MISSING: 0,
    }


def test_drawing_stops_when_nothing_is_left() -> None:
    kept = read_conditions([("damaged", 1), ("missing", 1)])
    assert draw(kept, 5, reason="other") == {Condition.MISSING: 1, Condition.DAMAGED: 1}
    assert set(kept.values()) == {0}
