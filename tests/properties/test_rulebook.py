"""What is kept from sale, over generated rules: as a plain model of the words says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from inventory.rulebook import Kept, Rule, Rulebook

SELLS_FROM = {"web": {1, 2}, "pos": {1}, "chat": set()}
moments = st.integers(0, 6).map(lambda hour: datetime(2026, 3, 6, hour, tzinfo=UTC))
channels = st.sampled_from([None, *SELLS_FROM])
units = st.integers(1, 5)


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    begins, ends = draw(st.none() | moments), draw(st.none() | moments)
    if begins and ends and ends <= begins:
        ends = begins + timedelta(minutes=1)
    return Rule(
        code=draw(st.text("abc", min_size=1, max_size=3)),
        quantity=draw(units),
        channel=draw(channels),
        sku_id=draw(st.sampled_from([None, None, 7, 8])),
        category=draw(st.sampled_from(["", "Shirts", "Mugs"])),
        abc_class=draw(st.sampled_from(["", "A", "B"])),
        location_id=draw(st.sampled_from([None, 1, 2])),
        starts_at=begins,
        until=ends,
    )


@st.composite
def stock_rows(draw: st.DrawFn) -> dict[str, object]:
    return {
        "sku_id": draw(st.sampled_from([7, 8])),
        "category": draw(st.sampled_from(["", "Shirts", "Mugs"])),
        "abc_class": draw(st.sampled_from(["", "A", "B"])),
        "location_id": draw(st.sampled_from([1, 2])),
        "own": draw(st.lists(st.builds(Kept, units, channels), max_size=3)),
    }


def applies(rule: Rule, row: dict[str, object], at: datetime) -> bool:
    """The words of the documentation, one after the other."""
    if rule.starts_at and at < rule.starts_at:
        return False
    if rule.until and at >= rule.until:
        return False
    named = [("sku_id", rule.sku_id), ("location_id", rule.location_id)]
    named += [("category", rule.category), ("abc_class", rule.abc_class)]
    return all(not asked or row[name] == asked for name, asked in named)


@given(st.lists(rules(), max_size=6), st.lists(st.tuples(stock_rows(), moments), max_size=6))
def test_the_highest_level_of_each_kind_applies(
    book: list[Rule], asked: list[tuple[dict[str, object], datetime]]
) -> None:
    """Also when one book is asked about many moments, earlier ones after later ones."""
    rulebook = Rulebook(book, SELLS_FROM)
    for row, at in asked:
        levels = [*row["own"], *(r.kept for r in book if applies(r, row, at))]
        wanted: dict[str | None, int] = {}
        for level in levels:
            if level.channel is None or row["location_id"] in SELLS_FROM[level.channel]:
                wanted[level.channel] = max(wanted.get(level.channel, 0), level.quantity)
        kept = rulebook.in_force(at).kept(**row)
        assert {level.channel: level.quantity for level in kept} == wanted
        assert len(kept) == len(wanted)
        assert set(kept) <= set(levels)


def test_a_rule_begins_and_ends_to_the_microsecond() -> None:
    begins = datetime(2026, 3, 6, 9, tzinfo=UTC)
    ends, blink = begins + timedelta(hours=9), timedelta(microseconds=1)
    rulebook = Rulebook([Rule("friday", 10, starts_at=begins, until=ends)])

    def units_at(at: datetime) -> list[int]:
        page = rulebook.in_force(at)
        kept = page.kept(1, "", "", 1)
        return [level.quantity for level in kept]

    assert units_at(begins - blink) == units_at(ends) == []
    assert units_at(begins) == units_at(ends - blink) == [10]


def test_of_two_levels_as_high_the_longer_one_is_named() -> None:
    end = datetime(2026, 3, 6, tzinfo=UTC)
    rulebook = Rulebook([Rule("short", 3, until=end), Rule("long", 3)])
    page = rulebook.in_force(end - timedelta(days=1))
    (level,) = page.kept(1, "", "", 1)
    assert level.rule == "long"
