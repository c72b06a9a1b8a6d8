"""Same day, pickup, till: how the types of fulfilment share the stock."""

from __future__ import annotations

import pytest

from orders.sourcing import Allocation, Demand, Policy, Shortage, plan, read_receipt
from tests.orders.sourcing.sourcing_helpers import codes, plan_for, ship, site, sites, taken


def test_same_day_needs_a_location_that_does_it() -> None:
    places = sites(site("LONDON", same_day=False), site("LEEDS", ships=False))
    made = plan_for(
        Demand("1", "TEA", 1, "same_day", None),
        stock={"TEA": {"LONDON": 9, "LEEDS": 9}},
        places=places,
    )
    assert taken(made) == [("1", "LEEDS", 1)]
    assert codes(made)["LONDON"] == "no_same_day"


def test_a_pickup_takes_its_own_stock_first_and_the_rest_travels() -> None:
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


def test_a_till_sells_from_any_location_whatever_it_is_said_to_have() -> None:
    places = sites(site("LONDON", ships=False, pickup=False, same_day=False))
    sale = Demand("1", "TEA", 2, "carry_out", "LONDON")
    sold = plan_for(sale, stock={"TEA": {"LONDON": 2}}, places=places)
    assert taken(sold) == [("1", "LONDON", 2)]
    for known in ({"LONDON": 1}, {}):
        sold = plan_for(sale, stock={"TEA": known}, places=places, allow_partial=True)
        assert (taken(sold), sold.unmet) == ([("1", "LONDON", 2)], {})
    assert taken(plan_for(sale, stock={}, places=sites(site("LEEDS")))) == [("1", "LONDON", 2)]


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
