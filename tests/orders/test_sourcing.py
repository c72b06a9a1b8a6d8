"""What sourcing promises, one example a rule. Laws over all inputs: tests/properties."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from orders.sourcing import Allocation, Demand, Plan, Policy, Shortage, Site, plan, read_receipt
from orders.sourcing.search import fewest_locations

LONDON = (51.5074, -0.1278)
COORDINATES = {
    "LONDON": (51.5, -0.12),
    "READING": (51.455, -0.97),
    "LEEDS": (53.8, -1.55),
    "GLASGOW": (55.86, -4.25),
}


def site(code: str, priority: int = 100, **changes: bool) -> Site:
    latitude, longitude = COORDINATES.get(code, (None, None))
    can = {"ships": True, "pickup": True, "same_day": True} | changes
    return Site(code, "store", priority, latitude, longitude, **can)


def sites(*places: Site) -> dict[str, Site]:
    return {place.code: place for place in places or map(site, COORDINATES)}


def ship(line_id: str, sku: str, quantity: int) -> Demand:
    return Demand(line_id, sku, quantity, "ship", None)


def plan_for(
    *demands: Demand,
    stock: Mapping[str, Mapping[str, int]],
    places: Mapping[str, Site] | None = None,
    destination: tuple[float, float] | None = LONDON,
    **policy: bool,
) -> Plan:
    made = plan(
        demands=demands,
        sellable=stock,
        sites=sites() if places is None else places,
        destination=destination,
        policy=Policy(**policy),
    )
    json.dumps(made.receipt)  # kept with the order, so it must be JSON
    return made


def taken(made: Plan) -> list[tuple[str, str, int]]:
    return [(a.line_id, a.location, a.quantity) for a in made.allocations]


def codes(made: Plan) -> dict[str, str]:
    return {entry["location"]: entry["code"] for entry in read_receipt(made.receipt)["candidates"]}


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


def test_an_order_that_falls_short_is_refused_whole_and_names_only_what_is_short() -> None:
    made = plan_for(
        ship("1", "TEA", 2), ship("2", "MUG", 5), stock={"TEA": {"LONDON": 9}, "MUG": {"LEEDS": 3}}
    )
    assert made.refused
    assert made.shortages == (Shortage("MUG", 5, 3),)
    assert (made.allocations, made.backordered, made.unmet) == ((), {}, {})
    assert made.receipt["outcome"] == "refused"
    assert codes(made) == {"LONDON": "order_refused", "LEEDS": "order_refused"}


def test_partial_and_backorder_take_what_there_is() -> None:
    demands = (ship("1", "TEA", 5), ship("2", "MUG", 1))
    stock = {"TEA": {"LONDON": 2, "LEEDS": 1}}
    partial = plan_for(*demands, stock=stock, allow_partial=True)
    assert taken(partial) == [("1", "LONDON", 2), ("1", "LEEDS", 1)]
    assert (partial.unmet, partial.backordered) == ({"1": 2, "2": 1}, {})
    both = plan_for(*demands, stock=stock, allow_partial=True, allow_backorder=True)
    assert (both.unmet, both.backordered) == ({}, {"1": 2, "2": 1})


def test_backorder_needs_no_stock_at_all_but_partial_needs_one_unit() -> None:
    backordered = plan_for(ship("1", "TEA", 5), stock={}, allow_backorder=True)
    assert (backordered.backordered, backordered.shortages) == ({"1": 5}, ())
    nothing = plan_for(ship("1", "TEA", 5), stock={}, allow_partial=True)
    assert nothing.shortages == (Shortage("TEA", 5, 0),)


def test_without_split_one_location_serves_all_or_the_order_is_refused() -> None:
    demands = (ship("1", "TEA", 2), ship("2", "MUG", 2))
    stock = {"TEA": {"LONDON": 2, "LEEDS": 2}, "MUG": {"READING": 2, "LEEDS": 1}}
    refused = plan_for(*demands, stock=stock, allow_split=False)
    assert refused.shortages == (Shortage("MUG", 2, 1),)  # LEEDS holds the most: 3 of 4
    partial = plan_for(*demands, stock=stock, allow_split=False, allow_partial=True)
    assert taken(partial) == [("1", "LEEDS", 2), ("2", "LEEDS", 1)]
    assert partial.unmet == {"2": 1}
    assert codes(partial)["LONDON"] == "covers_fewer_units"
    whole = plan_for(*demands, stock=stock | {"MUG": {"GLASGOW": 9, "LEEDS": 2}}, allow_split=False)
    assert {location for _, location, _ in taken(whole)} == {"LEEDS"}


def test_only_given_locations_that_ship_are_used() -> None:
    places = sites(site("LONDON", ships=False), site("GLASGOW"))
    made = plan_for(
        ship("1", "TEA", 2),
        stock={"TEA": {"LONDON": 9, "GLASGOW": 2, "ELSEWHERE": 50}},
        places=places,
    )
    assert taken(made) == [("1", "GLASGOW", 2)]
    assert codes(made) == {"LONDON": "does_not_ship", "GLASGOW": "chosen"}


def test_same_day_needs_a_location_that_does_it() -> None:
    places = sites(site("LONDON", same_day=False), site("LEEDS", ships=False))
    made = plan_for(
        Demand("1", "TEA", 1, "same_day", None),
        stock={"TEA": {"LONDON": 9, "LEEDS": 9}},
        places=places,
    )
    assert taken(made) == [("1", "LEEDS", 1)]
    assert codes(made)["LONDON"] == "no_same_day"


def test_a_pickup_takes_its_own_shelf_first_and_the_rest_travels() -> None:
    stock = {"TEA": {"LONDON": 9, "LEEDS": 1}}
    made = plan_for(Demand("1", "TEA", 1, "pickup", "LEEDS"), stock=stock)
    assert made.allocations == (Allocation("1", "TEA", "LEEDS", 1, "pickup"),)
    more = plan_for(Demand("1", "TEA", 2, "pickup", "LEEDS"), stock=stock)
    assert more.allocations == (
        Allocation("1", "TEA", "LEEDS", 1, "pickup"),
        Allocation("1", "TEA", "LEEDS", 1, "pickup", source="LONDON"),
    )
    own, brought, *_ = read_receipt(more.receipt)["candidates"]
    assert (own["location"], own["units"], own["code"]) == ("LEEDS", 1, "named")
    assert (brought["location"], brought["shop"], brought["code"]) == ("LONDON", "LEEDS", "chosen")
    assert brought["distance_km"] > 0  # from the shop


def test_without_split_one_building_gives_the_whole_pickup() -> None:
    stock = {"TEA": {"LONDON": 9, "LEEDS": 1}, "MUG": {"LONDON": 1, "LEEDS": 1}}
    lines = [Demand("1", "TEA", 2, "pickup", "LEEDS"), Demand("2", "MUG", 1, "pickup", "LEEDS")]
    made = plan_for(*lines, stock=stock, allow_split=False)
    assert {a.building for a in made.allocations} == {"LONDON"}
    assert read_receipt(made.receipt)["candidates"][0]["code"] == "not_whole"
    had = plan_for(lines[1], stock=stock, allow_split=False)
    assert had.allocations == (Allocation("2", "MUG", "LEEDS", 1, "pickup"),)


def test_without_split_two_shops_find_a_way_that_gives_both_everything() -> None:
    """Reading would take the tea from near London, which alone can give all that Leeds wants."""
    lines = [
        Demand("1", "TEA", 1, "pickup", "READING"),
        Demand("2", "TEA", 1, "pickup", "LEEDS"),
        Demand("3", "MUG", 1, "pickup", "LEEDS"),
    ]
    stock = {"TEA": {"LONDON": 1, "GLASGOW": 1}, "MUG": {"LONDON": 1}}
    made = plan_for(*lines, stock=stock, allow_split=False)
    assert [a.source for a in made.allocations] == ["GLASGOW", "LONDON", "LONDON"]


def test_goods_travel_only_from_a_location_that_ships() -> None:
    made = plan_for(
        Demand("1", "TEA", 1, "pickup", "LEEDS"),
        stock={"TEA": {"LONDON": 9}},
        places=sites(site("LONDON", ships=False), site("LEEDS")),
    )
    assert made.shortages == (Shortage("TEA", 1, 0),)
    assert codes(made)["LONDON"] == "does_not_ship"


def test_what_is_avoided_gives_nothing_but_may_hand_over() -> None:
    demand = Demand("1", "TEA", 1, "pickup", "LEEDS")
    places = sites(site("LEEDS"), site("LONDON"))
    made = plan(
        demands=[demand],
        sellable={"TEA": {"LEEDS": 5, "LONDON": 1}},
        sites=places,
        destination=None,
        policy=Policy(),
        avoiding=frozenset({"LEEDS"}),
    )
    assert made.allocations == (Allocation("1", "TEA", "LEEDS", 1, "pickup", source="LONDON"),)
    assert made.receipt["avoided"] == ["LEEDS"]


@pytest.mark.parametrize(
    ("location", "code"), [("LONDON", "no_pickup"), ("NARNIA", "unknown_location")]
)
def test_pickup_where_there_is_none_is_refused_and_says_why(location: str, code: str) -> None:
    made = plan_for(
        Demand("1", "TEA", 1, "pickup", location),
        stock={"TEA": {"LONDON": 9, "NARNIA": 9}},
        places=sites(site("LONDON", pickup=False)),
    )
    assert made.shortages == (Shortage("TEA", 1, 0),)
    assert read_receipt(made.receipt)["candidates"][0]["code"] == code


def test_a_till_sells_from_any_location_and_is_never_backordered() -> None:
    places = sites(site("LONDON", ships=False, pickup=False, same_day=False))
    sale = Demand("1", "TEA", 2, "carry_out", "LONDON")
    sold = plan_for(sale, stock={"TEA": {"LONDON": 2}}, places=places)
    assert taken(sold) == [("1", "LONDON", 2)]
    short = plan_for(sale, stock={"TEA": {"LONDON": 1}}, places=places, allow_backorder=True)
    assert short.shortages == (Shortage("TEA", 2, 1),)


def test_goods_in_the_customers_hands_go_before_a_pickup_that_can_wait() -> None:
    made = plan_for(
        Demand("1", "TEA", 1, "pickup", "LONDON"),
        Demand("2", "TEA", 1, "carry_out", "LONDON"),
        stock={"TEA": {"LONDON": 1}},
        allow_backorder=True,
    )
    assert taken(made) == [("2", "LONDON", 1)]
    assert made.backordered == {"1": 1}


def test_pickup_and_ship_of_one_sku_never_get_the_same_unit() -> None:
    made = plan_for(
        ship("1", "TEA", 2),
        Demand("2", "TEA", 1, "pickup", "LONDON"),
        stock={"TEA": {"LONDON": 2, "LEEDS": 1}},
    )
    assert taken(made) == [("1", "LONDON", 1), ("1", "LEEDS", 1), ("2", "LONDON", 1)]


def test_same_day_leaves_ship_lines_the_units_that_only_they_can_use() -> None:
    # LONDON alone does both; taking it all for the same-day line would refuse the order.
    places = sites(
        site("LONDON"), site("READING", ships=False), site("LEEDS", same_day=False)
    )  # fmt: skip
    stock = {"TEA": {"LONDON": 2, "READING": 1, "LEEDS": 1}}
    made = plan_for(
        Demand("1", "TEA", 2, "same_day", None), ship("2", "TEA", 2), stock=stock, places=places
    )
    assert sorted(taken(made)) == [
        ("1", "LONDON", 1),
        ("1", "READING", 1),
        ("2", "LEEDS", 1),
        ("2", "LONDON", 1),
    ]


def test_of_a_shared_sku_the_same_day_line_gets_the_nearest_units() -> None:
    made = plan_for(
        Demand("1", "TEA", 2, "same_day", None),
        ship("2", "TEA", 2),
        stock={"TEA": {"LEEDS": 2, "LONDON": 2}},
    )
    assert taken(made) == [("1", "LONDON", 2), ("2", "LEEDS", 2)]


def test_without_split_same_day_and_ship_find_a_location_each() -> None:
    places = sites(site("LONDON"), site("LEEDS", ships=False))
    made = plan_for(
        Demand("1", "TEA", 1, "same_day", None),
        ship("2", "TEA", 1),
        stock={"TEA": {"LONDON": 1, "LEEDS": 1}},
        places=places,
        allow_split=False,
    )
    assert taken(made) == [("1", "LEEDS", 1), ("2", "LONDON", 1)]


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
