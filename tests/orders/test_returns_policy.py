"""What may come back, judged without a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orders.errors import NotInInspection, NotReturnable
from orders.returns_policy import (
    RETURN_WINDOW,
    Expected,
    Inspected,
    RequestedUnits,
    Sold,
    match_announced,
    match_arrived,
    match_decided,
)

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)


def sold(number: int, sku: str = "A1", fulfilled: int = 2, **fields: Any) -> Sold:
    given = {"returned": 0, "announced": 0, "left_at": NOW - timedelta(days=5)}
    return Sold(number, str(number), 1, sku, fulfilled, **(given | fields))


def announced(
    requested: list[RequestedUnits], lines: list[Sold], *, may_override: bool = False
) -> Any:
    matched, overridden = match_announced(requested, lines, at=NOW, may_override=may_override)
    return [(part.index, part.sold_id, part.quantity) for part in matched], overridden


def refusal_of(
    requested: list[RequestedUnits], lines: list[Sold], *, may_override: bool = False
) -> Any:
    with pytest.raises(NotReturnable) as refused:
        match_announced(requested, lines, at=NOW, may_override=may_override)
    return refused.value.data["reason"], refused.value.data["lines"]


def test_units_are_announced_by_line() -> None:
    assert announced([RequestedUnits(2, line_id="1")], [sold(1), sold(2)]) == ([(0, 1, 2)], False)


def test_a_sku_is_spread_over_its_lines() -> None:
    lines = [sold(1), sold(2, sku="B1"), sold(3)]
    assert announced([RequestedUnits(3, sku="A1")], lines) == ([(0, 1, 2), (0, 3, 1)], False)


def test_a_wish_by_sku_leaves_the_line_that_another_wish_names() -> None:
    requested = [RequestedUnits(2, sku="A1"), RequestedUnits(2, line_id="1")]
    assert announced(requested, [sold(1), sold(2)])[0] == [(1, 1, 2), (0, 2, 2)]


def test_what_is_on_its_way_back_cannot_be_announced_again() -> None:
    line = sold(1, fulfilled=5, returned=1, announced=2)
    assert announced([RequestedUnits(2, line_id="1")], [line])[0] == [(0, 1, 2)]
    assert refusal_of([RequestedUnits(3, line_id="1")], [line]) == (
        "too_many",
        [{"line_id": "1", "returnable": 2, "requested": 3}],
    )


def test_the_same_line_twice_is_summed() -> None:
    requested = [RequestedUnits(2, line_id="1"), RequestedUnits(1, line_id="1")]
    assert refusal_of(requested, [sold(1)])[0] == "too_many"


def test_an_override_never_waives_the_quantity() -> None:
    assert (
        refusal_of([RequestedUnits(3, line_id="1")], [sold(1)], may_override=True)[0] == "too_many"
    )


def test_nothing_that_never_left_comes_back() -> None:
    reason, lines = refusal_of([RequestedUnits(1, sku="A1")], [sold(1, fulfilled=0, left_at=None)])
    assert reason == "nothing_to_return"
    assert lines == [{"sku": "A1", "returnable": 0, "requested": 1}]


def test_a_strange_sku_is_not_returnable() -> None:
    reason, lines = refusal_of(
        [RequestedUnits(1, sku="A1"), RequestedUnits(1, sku="Z9")], [sold(1)]
    )
    assert (reason, lines) == ("not_in_order", [{"sku": "Z9", "returnable": 0, "requested": 1}])


@pytest.mark.parametrize(("late", "refused"), [(timedelta(0), False), (timedelta(seconds=1), True)])
def test_the_window_closes_after_its_last_moment(late: timedelta, refused: bool) -> None:
    line = sold(1, left_at=NOW - RETURN_WINDOW - late)
    request = [RequestedUnits(1, line_id="1")]
    if refused:
        assert refusal_of(request, [line])[0] == "outside_window"
        assert announced(request, [line], may_override=True) == ([(0, 1, 1)], True)
    else:
        assert announced(request, [line], may_override=True) == ([(0, 1, 1)], False)


def test_what_left_last_comes_back_first() -> None:
    lines = [sold(1, left_at=NOW - timedelta(days=90)), sold(2)]
    assert announced([RequestedUnits(2, sku="A1")], lines)[0] == [(0, 2, 2)]
    assert refusal_of([RequestedUnits(3, sku="A1")], lines)[0] == "outside_window"


def expected(identity: int, line: Sold | None, outstanding: int, sku: str = "A1") -> Expected:
    return Expected(
        identity, line and line.id, line and line.line_id, line.sku if line else sku, outstanding
    )


def accepted(arrivals: list[RequestedUnits], lines: list[Expected], of: list[Sold] | None) -> Any:
    return [
        (part.index, part.expected_id, part.sold_id, part.quantity)
        for part in match_arrived(arrivals, lines, of)
    ]


def test_arrivals_fill_what_was_announced_then_what_else_left() -> None:
    line = sold(1, fulfilled=5, announced=2)
    assert accepted([RequestedUnits(3, sku="A1")], [expected(7, line, 2)], [line]) == [
        (0, 7, 1, 2),
        (0, None, 1, 1),
    ]


def test_an_unannounced_article_of_the_order_is_taken() -> None:
    one, other = sold(1), sold(2, sku="B1")
    assert accepted([RequestedUnits(2, sku="B1")], [expected(7, one, 1)], [one, other]) == [
        (0, None, 2, 2)
    ]


def test_no_more_comes_back_than_left_however_it_was_announced() -> None:
    line = sold(1, fulfilled=2, returned=1, announced=2)
    arrivals = [RequestedUnits(1, line_id="1"), RequestedUnits(1, sku="A1")]
    with pytest.raises(NotReturnable) as refused:
        match_arrived(arrivals, [expected(7, line, 2)], [line])
    assert refused.value.data == {
        "reason": "too_many",
        "lines": [{"sku": "A1", "returnable": 0, "requested": 1}],
    }


def test_only_announced_units_are_missing() -> None:
    line = sold(1)
    arrivals = [RequestedUnits(1, line_id="1", missing=True), RequestedUnits(1, line_id="1")]
    assert accepted(arrivals, [expected(7, line, 2)], [line]) == [(1, 7, 1, 1), (0, 7, 1, 1)]
    with pytest.raises(NotReturnable) as refused:
        match_arrived(
            [RequestedUnits(1, line_id="1", missing=True)], [expected(7, line, 0)], [line]
        )
    assert refused.value.data["reason"] == "not_announced"


def test_without_an_order_anything_may_come() -> None:
    arrivals = [RequestedUnits(3, sku="A1"), RequestedUnits(1, sku="B1")]
    assert accepted(arrivals, [expected(7, None, 2)], None) == [
        (0, 7, None, 2),
        (0, None, None, 1),
        (1, None, None, 1),
    ]


def test_decisions_take_the_first_come_at_their_location() -> None:
    rows = [Inspected(1, "1", "A1", "S1", 1), Inspected(2, "1", "A1", "S2", 5),
            Inspected(3, "1", "A1", "S1", 2)]  # fmt: skip
    matched = match_decided([RequestedUnits(2, sku="A1", location="S1")], rows)
    assert [(part.inspected_id, part.quantity) for part in matched] == [(1, 1), (3, 1)]
    with pytest.raises(NotInInspection) as refused:
        match_decided([RequestedUnits(4, line_id="1", location="S1")], rows)
    assert refused.value.data["lines"] == [
        {"line_id": "1", "location": "S1", "in_inspection": 3, "requested": 4}
    ]
