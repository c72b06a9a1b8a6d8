"""Orders whose walks lie together."""

from __future__ import annotations

from stores.walks.grouping import group_by_aisles


def test_near_orders_come_together_and_the_first_is_never_left_behind() -> None:
    aisles = [{1}, {9}, {1, 2}, {9}, {2}, {8, 9}]
    assert group_by_aisles(aisles, 3) == [[0, 2, 4], [1, 3, 5]]
    assert group_by_aisles(aisles, 2)[0] == [0, 2]


def test_equal_orders_keep_their_turns() -> None:
    assert group_by_aisles([{1}] * 5, 2) == [[0, 1], [2, 3], [4]]
    assert group_by_aisles([set(), set()], 1) == [[0], [1]]
    assert group_by_aisles([], 3) == []
