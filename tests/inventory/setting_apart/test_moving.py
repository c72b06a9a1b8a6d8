"""Units that may not be sold: set apart, moved from one condition to another."""

from __future__ import annotations

from typing import Any

import pytest

from core.outbox.models import Event
from inventory.models import Sku
from orders.models import Fulfilment, OrderLine
from tests.conftest import ApiCaller, make_caller
from tests.factories import LocationFactory, stock_up
from tests.inventory.setting_apart.unavailable_helpers import (
    CONDITIONS,
    kept,
    line,
    move,
    moved,
    moves,
)
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
    stock_up(Sku.objects.get(), LocationFactory(code="W2"), 10)
    moved(api, line("available", "damaged", 10))
    assert balances("A1", "W2") == (10, 4, 0)
    states = Fulfilment.objects.order_by("id").values_list("location__code", "state")
    assert list(states) == [("W1", "rejected"), ("W2", "open")]


@pytest.mark.parametrize("decided", ["inspection", "quarantine", "to_vendor"])
def test_a_decision_takes_only_what_is_not_promised(
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


def test_holds_that_ran_out_reserve_nothing(world: None, api: ApiCaller) -> None:
    expire_cart(hold(api, ("A1", 8)))
    moved(api, line("available", "quarantine", 10))
    assert balances("A1", "W1") == (10, 0, 10)


def test_what_is_put_back_on_sale_fills_backorders(world: None, api: ApiCaller) -> None:
    moved(api, line("available", "inspection", 10))
    order(api, "1", 3, allow_backorder=True)
    moved(api, line("inspection", "damaged", 5), line("inspection", "available", 2))
    assert OrderLine.objects.values_list("reserved", "backordered").get() == (2, 1)
    assert Fulfilment.objects.get().state == "open"


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
