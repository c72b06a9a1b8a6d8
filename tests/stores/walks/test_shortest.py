"""The shortest walk, against every order in which one could walk."""

from __future__ import annotations

from itertools import pairwise, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stores.walks.layout import Layout, Spot
from stores.walks.shortest import shortest_walk

LENGTH = 10.0

layouts = st.builds(
    Layout,
    aisle_length=st.just(LENGTH),
    aisle_gap=st.sampled_from([1.0, 3.0, 8.0]),
    middle=st.sampled_from([None, 5.0, 2.0]),
    start_aisle=st.integers(0, 4),
)
spots = st.lists(
    st.builds(Spot, st.integers(0, 4), st.integers(0, 20).map(lambda half: half / 2)),
    max_size=6,
)


def length(layout: Layout, order: tuple[Spot, ...]) -> float:
    return sum(layout.distance(a, b) for a, b in pairwise((layout.start, *order, layout.start)))


@settings(max_examples=250, deadline=None)
@given(layouts, spots)
def test_no_order_of_the_spots_is_shorter(layout: Layout, spots: list[Spot]) -> None:
    walk = shortest_walk(layout, spots)
    assert sorted(walk.spots) == sorted(set(spots))
    best = min(length(layout, order) for order in permutations(set(spots)))
    assert walk.metres == pytest.approx(best)
    assert length(layout, walk.spots) == pytest.approx(best)


@settings(max_examples=60, deadline=None)
@given(
    layouts,
    st.lists(
        st.builds(Spot, st.integers(0, 12), st.floats(0, LENGTH, allow_nan=False)), max_size=40
    ),
)
def test_a_long_list_is_walked_in_the_length_that_is_told(
    layout: Layout, spots: list[Spot]
) -> None:
    walk = shortest_walk(layout, spots)
    assert sorted(walk.spots) == sorted(set(spots))
    assert length(layout, walk.spots) == pytest.approx(walk.metres)
    without = shortest_walk(layout, spots[1:])
    assert without.metres <= walk.metres + 1e-9


def test_one_turns_back_where_going_through_is_longer() -> None:
    layout = Layout(aisle_length=40.0, aisle_gap=5.0)
    near = [Spot(0, 2.0), Spot(1, 3.0), Spot(3, 1.0)]
    walk = shortest_walk(layout, near)
    assert walk.metres == 2 * 2.0 + 2 * 3.0 + 2 * 1.0 + 2 * 15.0
    assert shortest_walk(layout, []).metres == 0.0


def test_the_middle_cross_aisle_is_taken() -> None:
    far = [Spot(0, 18.0), Spot(4, 18.0)]
    one_block = shortest_walk(Layout(40.0, 5.0), far)
    two_blocks = shortest_walk(Layout(40.0, 5.0, middle=20.0), far)
    assert (one_block.metres, two_blocks.metres) == (112.0, 80.0)
