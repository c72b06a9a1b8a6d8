from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from stores.hours import DAYS, OpeningHours, validate_hours

LONDON = ZoneInfo("Europe/London")
WEEK = {day: [["09:00", "18:00"]] for day in DAYS[:5]} | {"sat": [["10:00", "13:00"]]}
SHOP = OpeningHours(
    "Europe/London", WEEK, {"2026-12-24": [["09:00", "13:00"]], "2026-12-25": [], "2026-12-26": []}
)


def london(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LONDON)


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2026-06-01 08:59:59", False),  # a Monday
        ("2026-06-01 09:00", True),
        ("2026-06-01 17:59:59", True),
        ("2026-06-01 18:00", False),
        ("2026-06-06 12:59", True),
        ("2026-06-07 12:00", False),
        ("2026-12-24 12:59", True),
        ("2026-12-24 14:00", False),
        ("2026-12-25 12:00", False),
    ],
)
def test_opening_follows_the_week_and_its_exceptions(at: str, is_open: bool) -> None:
    assert SHOP.is_open(london(at)) is is_open
    # The same instant, told by another clock.
    assert SHOP.is_open(london(at).astimezone(ZoneInfo("Asia/Tokyo"))) is is_open


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        ("2026-06-01 03:00", "2026-06-01 09:00"),
        ("2026-06-01 12:00", "2026-06-01 12:00"),
        ("2026-06-05 18:00", "2026-06-06 10:00"),
        ("2026-06-06 14:00", "2026-06-08 09:00"),
        ("2026-12-24 13:00", "2026-12-28 09:00"),  # Christmas, then a Sunday
    ],
)
def test_next_opening(at: str, opens: str) -> None:
    assert SHOP.next_opening(london(at)) == london(opens)


@pytest.mark.parametrize(
    ("at", "minutes", "then"),
    [
        ("2026-06-01 10:00", 120, "2026-06-01 12:00"),
        ("2026-06-01 10:00", 480, "2026-06-01 18:00"),  # to the closing minute
        ("2026-06-01 10:00", 481, "2026-06-02 09:01"),
        ("2026-06-01 17:30", 120, "2026-06-02 10:30"),
        ("2026-06-05 17:00", 300, "2026-06-08 10:00"),  # Friday, all of Saturday, Monday
        ("2026-06-07 12:00", 0, "2026-06-08 09:00"),
        ("2026-06-01 12:00", 0, "2026-06-01 12:00"),
        ("2026-12-24 12:30", 60, "2026-12-28 09:30"),
    ],
)
def test_open_minutes_pass_only_while_open(at: str, minutes: int, then: str) -> None:
    assert SHOP.open_minutes_after(london(at), minutes) == london(then)


def test_no_hours_at_all_means_always_open() -> None:
    warehouse = OpeningHours("Europe/Berlin")
    at = datetime(2026, 1, 1, 3, 17, tzinfo=UTC)
    assert warehouse.is_open(at)
    assert warehouse.open_minutes_after(at, 10_000) == at + timedelta(minutes=10_000)


def test_always_open_but_for_an_exception() -> None:
    warehouse = OpeningHours("Europe/Berlin", {}, {"2026-01-01": []})
    berlin = ZoneInfo("Europe/Berlin")
    silvester = datetime(2025, 12, 31, 23, 0, tzinfo=berlin)
    assert warehouse.open_minutes_after(silvester, 61) == datetime(2026, 1, 2, 0, 1, tzinfo=berlin)


def test_a_week_written_out_as_closed_never_opens() -> None:
    closed = OpeningHours("Europe/London", {day: [] for day in DAYS})
    at = london("2026-06-01 12:00")
    assert not closed.is_open(at)
    assert closed.next_opening(at) is None
    assert closed.open_minutes_after(at, 0) is None


def test_a_closure_of_more_than_sixty_days_ends_the_search() -> None:
    def closed_for(days: int) -> OpeningHours:
        first = date(2026, 6, 2)
        dates = [(first + timedelta(days=n)).isoformat() for n in range(days)]
        return OpeningHours(
            "UTC", {day: [["00:00", "24:00"]] for day in DAYS}, {day: [] for day in dates}
        )

    at = datetime(2026, 6, 1, 23, 30, tzinfo=UTC)
    assert closed_for(59).open_minutes_after(at, 60) == datetime(2026, 7, 31, 0, 30, tzinfo=UTC)
    assert closed_for(60).open_minutes_after(at, 60) is None


def test_clocks_going_forward_shorten_the_night() -> None:
    night = OpeningHours("Europe/London", {"sun": [["00:00", "06:00"]]})
    # 29 March 2026: 01:00 becomes 02:00. Six hours on the wall are five.
    opens = datetime(2026, 3, 29, 0, 0, tzinfo=UTC)
    assert night.open_minutes_after(opens, 300) == datetime(2026, 3, 29, 5, 0, tzinfo=UTC)
    assert night.open_minutes_after(opens, 301) == datetime(2026, 4, 4, 23, 1, tzinfo=UTC)


def test_clocks_going_back_lengthen_the_night() -> None:
    night = OpeningHours("Europe/London", {"sun": [["00:00", "06:00"]]})
    # 25 October 2026: 02:00 becomes 01:00. Six hours on the wall are seven.
    opens = datetime(2026, 10, 24, 23, 0, tzinfo=UTC)
    assert night.open_minutes_after(opens, 420) == datetime(2026, 10, 25, 6, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("intervals", "opens", "closes"),
    [
        ([["01:30", "06:00"]], "01:00", "05:00"),  # opens in the skipped hour: at the change
        ([["00:00", "01:30"]], "00:00", "01:00"),  # closes in it: at the change
    ],
)
def test_a_skipped_wall_time_means_the_moment_of_the_change(
    intervals: list[list[str]], opens: str, closes: str
) -> None:
    night = OpeningHours("Europe/London", {}, {"2026-03-29": intervals, "2026-03-28": []})
    first = datetime.fromisoformat(f"2026-03-29T{opens}+00:00")
    last = datetime.fromisoformat(f"2026-03-29T{closes}+00:00")
    assert night.next_opening(datetime(2026, 3, 28, 12, tzinfo=UTC)) == first
    assert night.is_open(last - timedelta(seconds=1))
    assert not night.is_open(last)


def test_hours_wholly_inside_the_skipped_hour_do_not_exist() -> None:
    night = OpeningHours("Europe/London", {"sun": [["01:10", "01:50"]]})
    assert night.next_opening(datetime(2026, 3, 29, 0, 0, tzinfo=UTC)) == london("2026-04-05 01:10")


def test_a_date_that_a_country_skipped_has_no_hours() -> None:
    apia = OpeningHours("Pacific/Apia", {day: [["09:00", "17:00"]] for day in DAYS})
    thursday_evening = datetime(2011, 12, 29, 18, 0, tzinfo=ZoneInfo("Pacific/Apia"))
    saturday = datetime(2011, 12, 31, 9, 0, tzinfo=ZoneInfo("Pacific/Apia"))
    assert apia.next_opening(thursday_evening) == saturday


def test_hours_until_midnight_run_into_the_next_day() -> None:
    bar = OpeningHours("UTC", {"fri": [["22:00", "24:00"]], "sat": [["00:00", "02:00"]]})
    friday = datetime(2026, 6, 5, 22, 0, tzinfo=UTC)
    assert bar.is_open(datetime(2026, 6, 6, 0, 0, tzinfo=UTC))
    assert bar.open_minutes_after(friday, 240) == datetime(2026, 6, 6, 2, 0, tzinfo=UTC)


def test_a_time_without_a_zone_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="zone"):
        SHOP.is_open(datetime(2026, 6, 1, 12, 0))
    with pytest.raises(ValueError, match="negative"):
        SHOP.open_minutes_after(london("2026-06-01 12:00"), -1)


@st.composite
def weeks(draw: st.DrawFn) -> dict[str, list[list[str]]]:
    """Hours on the quarter of an hour, on four days or more."""
    week = {}
    for day in draw(st.sets(st.sampled_from(DAYS), min_size=4)):
        edges = sorted(draw(st.sets(st.integers(0, 96), max_size=6)))
        texts = [f"{edge // 4:02}:{edge % 4 * 15:02}" for edge in edges[: len(edges) // 2 * 2]]
        week[day] = [list(pair) for pair in zip(texts[::2], texts[1::2], strict=True)]
    return week


zones = st.sampled_from(["Europe/London", "America/New_York", "Asia/Kolkata", "Asia/Beirut", "UTC"])


@st.composite
def instants(draw: st.DrawFn) -> datetime:
    """Quarters of an hour around both changes of the clocks."""
    start = draw(st.sampled_from([datetime(2026, 3, 27), datetime(2026, 10, 23)]))
    quarters = draw(st.integers(0, 5 * 24 * 4))
    return start.replace(tzinfo=UTC) + timedelta(minutes=15 * quarters)


@settings(deadline=None, max_examples=50)
@given(weeks(), zones, instants(), st.integers(0, 40))
def test_open_minutes_agree_with_watching_the_clock(
    week: dict[str, list[list[str]]], zone: str, at: datetime, quarters: int
) -> None:
    assert validate_hours(week, {}) == []
    place = OpeningHours(zone, week)
    then = place.open_minutes_after(at, 15 * quarters)
    if then is None:
        assert not any(week.values())
        return
    watched = range(int((then - at) / timedelta(minutes=15)))
    assert sum(place.is_open(at + timedelta(minutes=15 * n)) for n in watched) == quarters


@settings(deadline=None)
@given(weeks(), zones, instants())
def test_a_location_is_open_when_the_wall_clock_says_so(
    week: dict[str, list[list[str]]], zone: str, at: datetime
) -> None:
    local = at.astimezone(ZoneInfo(zone))
    # An hour that comes twice: the wall clock alone cannot tell.
    assume(local.utcoffset() == local.replace(fold=1 - local.fold).utcoffset())
    wall = f"{local:%H:%M}"
    says = any(opens <= wall < closes for opens, closes in week.get(DAYS[local.weekday()], []))
    assert OpeningHours(zone, week).is_open(at) is says


@pytest.mark.parametrize(
    ("at", "closes"),
    [
        ("2026-06-01 10:00", "2026-06-01 18:00"),  # a Monday
        ("2026-06-01 18:00", "2026-06-01 18:00"),
        ("2026-06-01 18:00:01", "2026-06-02 18:00"),
        ("2026-06-06 14:00", "2026-06-08 18:00"),  # a Saturday afternoon, over Sunday
        ("2026-12-24 14:00", "2026-12-28 18:00"),  # over Christmas and a Sunday
    ],
)
def test_the_next_closing_time(at: str, closes: str) -> None:
    assert SHOP.closing_at(london(at)) == london(closes)


@pytest.mark.parametrize(
    ("at", "days", "closes"),
    [
        ("2026-06-01 10:00", 1, "2026-06-02 18:00"),
        ("2026-06-01 23:00", 1, "2026-06-02 18:00"),
        ("2026-06-01 10:00", 7, "2026-06-09 18:00"),  # Sunday does not count
        ("2026-12-23 10:00", 1, "2026-12-24 13:00"),
        ("2026-12-23 10:00", 2, "2026-12-28 18:00"),
    ],
)
def test_the_closing_time_after_opening_days(at: str, days: int, closes: str) -> None:
    assert SHOP.closing_after(london(at), days) == london(closes)


def test_a_day_that_ends_at_midnight_closes_on_the_next_date() -> None:
    always = OpeningHours("Europe/London")
    midnight = london("2026-06-02 00:00")
    assert always.closing_at(midnight) == midnight
    assert always.closing_at(london("2026-06-02 00:01")) == london("2026-06-03 00:00")
    assert always.closing_after(london("2026-06-01 10:00"), 1) == london("2026-06-03 00:00")


def test_a_shop_that_stays_closed_has_no_closing_time() -> None:
    closed = OpeningHours("Europe/London", {"mon": []})
    at = london("2026-06-01 10:00")
    assert (closed.closing_at(at), closed.closing_after(at, 1)) == (None, None)


@given(at=st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(LONDON)))
def test_a_closing_time_is_never_inside_opening_hours_nor_at_night(at: datetime) -> None:
    for closes in (SHOP.closing_at(at), SHOP.closing_after(at, 3)):
        assert closes is not None
        assert closes >= at
        local = closes.astimezone(LONDON)
        assert SHOP.is_open(closes - timedelta(minutes=1))
        assert not SHOP.is_open(closes)
        assert local.strftime("%H:%M") in {"18:00", "13:00"}
