"""What sourcing promises, one example a rule: which locations ship what.

Laws over all inputs are in tests/properties.
"""

from __future__ import annotations

import pytest

from orders.sourcing import Demand, Shortage, read_receipt
from orders.sourcing.search import fewest_locations
from tests.orders.sourcing.sourcing_helpers import (
    COORDINATES,
    codes,
    plan_for,
    ship,
    site,
    sites,
    taken,
)


def test_one_location_that_has_everything_beats_two_nearer_ones() -> None:
    made = plan_for(
        ship("1", "TEA", 2),
        ship("2", "MUG", 1),
        stock={"TEA": {"LONDON": 9, "LEEDS": 2}, "MUG": {"READING": 9, "LEEDS": 1}},
    )
    assert taken(made) == [("1", "LEEDS", 2), ("2", "LEEDS", 1)]
    assert codes(made) == {
        "LONDON": "covers_too_little",
        "READING": "covers_too_little",
        "LEEDS": "chosen",
    }
    assert made.receipt["no_stock"] == ["GLASGOW"]


def test_among_single_locations_the_nearest_wins() -> None:
    made = plan_for(ship("1", "TEA", 1), stock={"TEA": dict.fromkeys(COORDINATES, 5)})
    assert taken(made) == [("1", "LONDON", 1)]
    assert codes(made)["GLASGOW"] == "further_away"
    km = {e["location"]: e["distance_km"] for e in read_receipt(made.receipt)["candidates"]}
    assert km["GLASGOW"] == pytest.approx(555, abs=3)


def test_without_a_destination_priority_decides_then_the_alphabet() -> None:
    stock = {"TEA": {"B": 5, "C": 5, "A": 5}}
    made = plan_for(
        ship("1", "TEA", 1),
        stock=stock,
        places=sites(site("A", 2), site("B", 1), site("C", 1)),
        destination=None,
    )
    assert taken(made) == [("1", "B", 1)]
    assert codes(made) == {"A": "lower_priority", "B": "chosen", "C": "later_code"}
    assert {e["distance_km"] for e in read_receipt(made.receipt)["candidates"]} == {None}


def test_a_location_without_coordinates_counts_as_furthest_but_still_serves() -> None:
    places = sites(site("NOWHERE", 1), site("GLASGOW", 9))
    both = {"TEA": {"NOWHERE": 5, "GLASGOW": 5}}
    assert taken(plan_for(ship("1", "TEA", 1), stock=both, places=places)) == [("1", "GLASGOW", 1)]
    alone = {"TEA": {"NOWHERE": 5}}
    assert taken(plan_for(ship("1", "TEA", 1), stock=alone, places=places)) == [("1", "NOWHERE", 1)]


def test_of_equally_small_sets_the_smallest_total_distance_wins() -> None:
    made = plan_for(
        ship("1", "TEA", 6),
        stock={"TEA": {"LONDON": 3, "READING": 3, "LEEDS": 3, "GLASGOW": 5}},
    )
    assert taken(made) == [("1", "LONDON", 3), ("1", "READING", 3)]
    assert codes(made)["LEEDS"] == "not_in_best_set"
    assert made.receipt["method"] == "exact"


def test_the_greedy_trap_is_solved_exactly() -> None:
    # Taking the fullest location first (LEEDS covers 4 of 6 units) would end with three.
    made = plan_for(
        *(ship(str(n), f"SKU{n}", 1) for n in range(6)),
        stock={
            "SKU0": {"LONDON": 1, "LEEDS": 1},
            "SKU1": {"LONDON": 1, "LEEDS": 1},
            "SKU2": {"LONDON": 1},
            "SKU3": {"GLASGOW": 1, "LEEDS": 1},
            "SKU4": {"GLASGOW": 1, "LEEDS": 1},
            "SKU5": {"GLASGOW": 1},
        },
    )
    assert {location for _, location, _ in taken(made)} == {"LONDON", "GLASGOW"}


def test_a_line_goes_whole_to_one_chosen_location_if_it_can() -> None:
    made = plan_for(
        ship("1", "TEA", 4),
        ship("2", "MUG", 1),
        stock={"TEA": {"LONDON": 2, "LEEDS": 4}, "MUG": {"LONDON": 1}},
    )
    assert taken(made) == [("1", "LEEDS", 4), ("2", "LONDON", 1)]


def test_lines_of_one_sku_share_its_stock() -> None:
    demands = (ship("1", "TEA", 3), ship("2", "TEA", 3))
    enough = plan_for(*demands, stock={"TEA": {"LONDON": 4, "LEEDS": 2}})
    assert taken(enough) == [("1", "LONDON", 3), ("2", "LONDON", 1), ("2", "LEEDS", 2)]
    short = plan_for(*demands, stock={"TEA": {"LONDON": 5}})
    assert short.shortages == (Shortage("TEA", 6, 5),)
    assert short.allocations == ()


def test_walking_locations_in_order_of_preference_gives_the_usual_split() -> None:
    # The case every order system tests: 5 and 3 in stock, 8 of one and 4 of another wanted.
    places = sites(site("EU1", 1), site("EU2", 2), site("EU3", 3, ships=False))
    made = plan_for(
        ship("1", "SKU1", 8),
        ship("2", "SKU4", 4),
        stock={"SKU1": {"EU1": 5, "EU2": 3, "EU3": 10}, "SKU4": {"EU2": 6}},
        places=places,
        destination=None,
    )
    assert taken(made) == [("1", "EU1", 5), ("1", "EU2", 3), ("2", "EU2", 4)]


def test_what_is_in_stock_goes_first_and_only_the_rest_is_backordered() -> None:
    made = plan_for(
        ship("1", "A", 15),
        ship("2", "B", 5),
        stock={"A": {"DEFAULT": 10, "DROPSHIP": 2}, "B": {"DEFAULT": 10}},
        places=sites(site("DEFAULT", 1), site("DROPSHIP", 2)),
        destination=None,
        allow_backorder=True,
    )
    assert taken(made) == [("1", "DEFAULT", 10), ("1", "DROPSHIP", 2), ("2", "DEFAULT", 5)]
    assert made.backordered == {"1": 3}


def test_beyond_its_effort_the_search_turns_greedy_and_says_so() -> None:
    # 60 locations with 1 to 3 units each: sets of a dozen are far too many to try.
    stock = {f"SKU{n}": {f"S{at}": 1 + (at * (n + 3)) % 3 for at in range(60)} for n in range(4)}
    made = plan_for(
        *(ship(str(n), f"SKU{n}", 30) for n in range(4)),
        stock=stock,
        places=sites(*(site(f"S{at}", at) for at in range(60))),
        destination=None,
    )
    assert made.receipt["method"] == "greedy"
    assert not made.refused
    assert sum(a.quantity for a in made.allocations) == 120
    assert set(codes(made).values()) == {"chosen", "not_needed"}


def test_the_first_set_found_gives_way_to_a_nearer_one() -> None:
    candidates = [
        (0, 0, "A", [1, 1, 0, 0]),
        (1, 0, "B", [1, 0, 1, 0]),
        (2, 0, "C", [0, 1, 0, 1]),
        (9, 0, "D", [0, 0, 1, 1]),
    ]
    assert fewest_locations(candidates, [1, 1, 1, 1]) == (["B", "C"], True)


@pytest.mark.parametrize(
    ("priorities", "best"), [((0, 0, 0, 0), ["A", "B"]), ((0, 0, 5, 4), ["Z", "Y"])]
)
def test_equally_near_sets_go_by_priority_then_by_the_alphabet(
    priorities: tuple[int, int, int, int], best: list[str]
) -> None:
    z, a, b, y = priorities
    candidates = [
        (1, z, "Z", [1, 1, 0, 0]),
        (2, a, "A", [1, 0, 1, 0]),
        (3, b, "B", [0, 1, 0, 1]),
        (4, y, "Y", [0, 0, 1, 1]),
    ]
    assert fewest_locations(candidates, [1, 1, 1, 1]) == (best, True)


def test_greedy_drops_a_location_made_needless_by_later_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("orders.sourcing.search.EFFORT", 0)
    candidates = [
        (1, 0, "A", [1, 1, 0, 1, 1, 0]),
        (2, 0, "B", [1, 1, 1, 0, 0, 0]),
        (3, 0, "C", [0, 0, 0, 1, 1, 1]),
    ]
    assert fewest_locations(candidates, [1] * 6) == (["B", "C"], False)


@pytest.mark.parametrize(
    "demands",
    [
        [ship("1", "TEA", 0)],
        [ship("1", "TEA", 1), ship("1", "MUG", 1)],
        [Demand("1", "TEA", 1, "pickup", None)],
        [Demand("1", "TEA", 1, "carrier_pigeon", None)],
    ],
)
def test_demands_no_door_should_let_through_are_refused(demands: list[Demand]) -> None:
    with pytest.raises(ValueError, match=r"line|type"):
        plan_for(*demands, stock={"TEA": {"LONDON": 1}})
