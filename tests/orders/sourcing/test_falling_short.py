"""What sourcing does when there is not enough, or not everywhere."""

from __future__ import annotations

from orders.sourcing import Shortage
from tests.orders.sourcing.sourcing_helpers import codes, plan_for, ship, site, sites, taken


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
