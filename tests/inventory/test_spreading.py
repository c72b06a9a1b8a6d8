"""Choosing locations for a cart: pure, no database."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from inventory.spreading import Shortage, Spread, Want, spread


def chosen(wants: list[Want], sellable: dict[str, dict[str, int]], **priorities: int) -> set:
    found = run(wants, sellable, **priorities)
    assert not found.shortages
    return {(part.sku, part.location, part.quantity) for part in found.portions}


def run(wants: list[Want], sellable: dict[str, dict[str, int]], **priorities: int) -> Spread:
    places = {place for units in sellable.values() for place in units}
    return spread(
        wants, sellable=sellable, priorities={place: priorities.get(place, 1) for place in places}
    )


def test_one_location_before_two() -> None:
    sellable = {"T": {"A": 1, "B": 2}, "M": {"A": 1, "B": 1}}
    assert chosen([Want("T", 2), Want("M", 1)], sellable, A=1, B=9) == {
        ("T", "B", 2),
        ("M", "B", 1),
    }


def test_among_equals_priority_then_code() -> None:
    sellable = {"T": {"A": 2, "B": 2, "C": 2}}
    assert chosen([Want("T", 2)], sellable, A=2, B=1, C=1) == {("T", "B", 2)}


def test_a_line_is_split_where_it_must_be() -> None:
    assert chosen([Want("T", 5)], {"T": {"A": 3, "B": 2, "C": 1}}) == {("T", "A", 3), ("T", "B", 2)}


def test_a_location_that_takes_part_anyway_serves_the_rest() -> None:
    sellable = {"T": {"A": 5, "B": 5}, "M": {"A": 5, "B": 5}}
    assert chosen([Want("T", 1, "B"), Want("M", 1)], sellable, A=1, B=9) == {
        ("T", "B", 1),
        ("M", "B", 1),
    }


def test_units_insisted_on_are_not_given_twice() -> None:
    sellable = {"T": {"A": 2, "B": 2}}
    assert chosen([Want("T", 2, "A"), Want("T", 2)], sellable) == {("T", "A", 2), ("T", "B", 2)}
    assert run([Want("T", 2, "A"), Want("T", 3)], sellable).shortages == (Shortage("T", 3, 2),)


def test_what_is_short_is_said_for_every_sku() -> None:
    assert run(
        [Want("T", 3), Want("M", 1), Want("X", 1)], {"T": {"A": 2}, "M": {"A": 1}}
    ) == Spread(shortages=(Shortage("T", 3, 2), Shortage("X", 1, 0)))


places = st.sampled_from("ABCDEFGH")
units_by_place = st.dictionaries(
    st.sampled_from("TMX"), st.dictionaries(places, st.integers(1, 4)), min_size=3
)
carts = st.lists(
    st.builds(Want, st.sampled_from("TMX"), st.integers(1, 6), st.none() | places),
    min_size=1,
    max_size=4,
)


@given(wants=carts, sellable=units_by_place)
def test_whatever_is_chosen_is_there_and_is_what_was_wanted(
    wants: list[Want], sellable: dict[str, dict[str, int]]
) -> None:
    everywhere = {place for units in sellable.values() for place in units} | set("ABCDEFGH")
    found = spread(wants, sellable=sellable, priorities=dict.fromkeys(everywhere, 1))
    if found.shortages:
        assert all(short.available < short.requested for short in found.shortages)
        return
    for part in found.portions:
        assert 0 < part.quantity <= sellable[part.sku][part.location]
    for sku in "TMX":
        given_out = sum(part.quantity for part in found.portions if part.sku == sku)
        assert given_out == sum(want.quantity for want in wants if want.sku == sku)
    for want in wants:
        if want.location is not None:
            there = [p for p in found.portions if (p.sku, p.location) == (want.sku, want.location)]
            assert sum(part.quantity for part in there) >= want.quantity


def test_many_locations_are_put_together_greedily() -> None:
    sellable = {"T": {f"P{number:02}": 1 for number in range(60)}}
    found = run([Want("T", 50)], sellable)
    assert sum(part.quantity for part in found.portions) == 50
    assert len(found.portions) == 50
