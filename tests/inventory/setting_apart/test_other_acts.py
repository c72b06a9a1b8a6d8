"""Other acts say which condition they move."""

from __future__ import annotations

import pytest

from tests.conftest import ApiCaller
from tests.inventory.setting_apart.unavailable_helpers import (
    CONDITIONS,
    adjust,
    dispose,
    kept,
    line,
    moved,
    moves,
    returned,
)
from tests.inventory.stock_helpers import balances, nothing_written, problem
from tests.orders.fulfilment_helpers import place, step


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


def test_returned_goods_walk_through_their_conditions(world: None, api: ApiCaller) -> None:
    ret = returned(api, "inspect", "inspect", "inspect", "inspect", "damaged", "restock")
    assert kept(api) == {"inspection": 4, "damaged": 1}
    for disposition in ("restock", "damaged", "scrap", "to_vendor"):
        assert dispose(api, ret, disposition).status_code == 201
    assert kept(api) == {"damaged": 2}
    assert balances("A1", "W1") == (8, 0, 2)


def test_a_return_cannot_decide_about_what_has_left_inspection(world: None, api: ApiCaller) -> None:
    ret = returned(api, "inspect")
    moved(api, line("inspection", "damaged", 1))
    with nothing_written():
        answer = dispose(api, ret, "restock")
    (told,) = problem(answer, 409, "not_in_condition")["lines"]
    assert (told["sku"], told["condition"], told["in_condition"]) == ("A1", "inspection", 0)
    moved(api, line("damaged", "inspection", 1))
    assert dispose(api, ret, "restock").status_code == 201
    assert kept(api) == {}


def test_an_adjustment_sets_apart_in_the_condition_that_its_reason_names(
    world: None, api: ApiCaller
) -> None:
    for reason in (*CONDITIONS, "other"):
        assert adjust(api, reason, 0, 1).status_code == 201
    assert kept(api) == {
        "damaged": 1,
        "inspection": 1,
        "quarantine": 2,
        "missing": 1,
        "to_put_back": 1,
    }


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
