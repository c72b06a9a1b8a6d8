from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orders.promise import deliver_by, ready_by, ready_by_from, same_day
from stores.hours import DAYS, OpeningHours

LONDON = ZoneInfo("Europe/London")
SHOP = OpeningHours(
    "Europe/London",
    {day: [["09:00", "18:00"]] for day in DAYS[:6]},
    {"2026-12-24": [["09:00", "13:00"]], "2026-12-25": [], "2026-12-28": []},
)
WAREHOUSE = OpeningHours("Europe/London")
CLOSED = OpeningHours("Europe/London", {day: [] for day in DAYS})


def london(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LONDON)


@pytest.mark.parametrize(
    ("placed", "ready"),
    [
        ("2026-06-01 10:00", "2026-06-01 12:00"),  # a Monday
        ("2026-06-01 17:00", "2026-06-02 10:00"),  # an hour today, an hour tomorrow
        ("2026-06-01 23:00", "2026-06-02 11:00"),
        ("2026-06-06 17:30", "2026-06-08 10:30"),  # over a closed Sunday
        ("2026-06-01 10:00:01", "2026-06-01 12:01"),  # never promised in seconds, never early
        ("2026-12-24 12:00", "2026-12-26 10:00"),
    ],
)
def test_pickup_is_ready_after_two_open_hours(placed: str, ready: str) -> None:
    assert ready_by(placed_at=london(placed), hours=SHOP) == london(ready)


def test_pickup_preparation_can_be_shorter() -> None:
    at = london("2026-06-01 10:00")
    assert ready_by(placed_at=at, hours=SHOP, preparation_minutes=15) == at + timedelta(minutes=15)


@pytest.mark.parametrize(
    ("placed", "km", "ready"),
    [
        ("2026-06-01 10:00", 10, "2026-06-03 11:00"),  # leaves Monday, is there when Tuesday ends
        ("2026-06-01 15:00", 10, "2026-06-04 11:00"),  # past the source's cut-off: a day later
        ("2026-06-01 10:00", 200, "2026-06-04 11:00"),
        ("2026-06-04 10:00", 200, "2026-06-09 11:00"),  # no carrier at the weekend
        ("2026-06-01 10:00", None, "2026-06-09 11:00"),  # a distance that is not known
    ],
)
def test_goods_from_another_building_travel_before_they_are_ready(
    placed: str, km: float | None, ready: str
) -> None:
    told = ready_by_from(
        placed_at=london(placed), source_hours=WAREHOUSE, distance_km=km, shop_hours=SHOP
    )
    assert told == london(ready)


def test_nothing_is_promised_at_a_shop_that_stays_closed() -> None:
    at = london("2026-06-01 10:00")
    given = {"placed_at": at, "source_hours": WAREHOUSE, "distance_km": 1.0}
    assert ready_by_from(**given, shop_hours=CLOSED) is None


def test_a_closed_location_promises_no_pickup_and_no_courier() -> None:
    at = london("2026-06-01 10:00")
    assert ready_by(placed_at=at, hours=CLOSED) is None
    assert same_day(placed_at=at, hours=CLOSED) is None


@pytest.mark.parametrize(
    ("placed", "km", "arrives"),
    [
        ("2026-06-01 13:59", 10, "2026-06-02"),  # Monday before the cut-off: Tuesday
        ("2026-06-01 14:00", 10, "2026-06-03"),
        ("2026-06-01 10:00", 50, "2026-06-02"),
        ("2026-06-01 10:00", 50.1, "2026-06-03"),
        ("2026-06-01 10:00", 999, "2026-06-04"),
        ("2026-06-01 10:00", 2_000, "2026-06-08"),  # five carrier days, over a weekend
        ("2026-06-01 10:00", 9_000, "2026-06-10"),
        ("2026-06-01 10:00", None, "2026-06-08"),
        ("2026-06-05 10:00", 10, "2026-06-08"),  # Friday to Monday
        ("2026-06-06 10:00", 10, "2026-06-09"),  # open on Saturday, but the carrier is not
        ("2026-12-24 12:59", 10, "2026-12-29"),  # no carrier on Christmas Day, nor on Monday
        ("2026-12-24 13:00", 10, "2026-12-30"),  # closed at one
    ],
)
def test_parcels_leave_before_the_cut_off_and_travel_by_distance(
    placed: str, km: float | None, arrives: str
) -> None:
    promised = deliver_by(placed_at=london(placed), hours=SHOP, distance_km=km)
    assert promised == london(f"{arrives} 23:59")


def test_the_cut_off_is_read_on_the_clock_of_the_building() -> None:
    at = datetime(2026, 6, 1, 13, 30, tzinfo=UTC)  # 14:30 in London
    assert deliver_by(placed_at=at, hours=WAREHOUSE, distance_km=10) == london("2026-06-03 23:59")
    york = OpeningHours("America/New_York")
    assert deliver_by(placed_at=at, hours=york, distance_km=10) == datetime(
        2026, 6, 2, 23, 59, tzinfo=ZoneInfo("America/New_York")
    )


def test_another_cut_off() -> None:
    promised = deliver_by(
        placed_at=london("2026-06-01 16:00"), hours=WAREHOUSE, distance_km=10, cut_off=time(17)
    )
    assert promised == london("2026-06-02 23:59")


def test_a_building_open_only_at_weekends_still_sends_on_carrier_days() -> None:
    weekend = OpeningHours("Europe/London", {"sat": [["10:00", "16:00"]]})
    promised = deliver_by(placed_at=london("2026-06-01 10:00"), hours=weekend, distance_km=10)
    assert promised == london("2026-06-03 23:59")


@pytest.mark.parametrize(
    ("placed", "arrives"),
    [
        ("2026-06-01 10:00", "2026-06-01"),
        ("2026-06-01 03:00", "2026-06-01"),
        ("2026-06-01 17:00", "2026-06-01"),  # with the courier at the last minute
        ("2026-06-01 17:01", "2026-06-02"),
        ("2026-06-06 17:30", "2026-06-08"),  # no courier from a closed shop
        ("2026-12-24 12:30", "2026-12-26"),
    ],
)
def test_same_day_means_today_while_a_courier_can_still_leave(placed: str, arrives: str) -> None:
    assert same_day(placed_at=london(placed), hours=SHOP) == london(f"{arrives} 23:59")


def test_an_open_house_sends_no_courier_at_night() -> None:
    late = london("2026-06-01 19:00")
    assert same_day(placed_at=late, hours=WAREHOUSE) == london("2026-06-02 23:59")


@settings(deadline=None)
@given(
    st.integers(0, 400 * 24 * 60),
    st.sampled_from([SHOP, WAREHOUSE, OpeningHours("Pacific/Auckland", SHOP.hours)]),
    st.none() | st.floats(0, 20_000),
)
def test_no_promise_lies_in_the_past_and_further_is_never_sooner(
    minutes: int, hours: OpeningHours, km: float | None
) -> None:
    placed_at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    shipped = deliver_by(placed_at=placed_at, hours=hours, distance_km=km)
    assert shipped > placed_at
    if km is not None:
        further = deliver_by(placed_at=placed_at, hours=hours, distance_km=km * 2)
        assert further >= shipped
    ready = ready_by(placed_at=placed_at, hours=hours)
    courier = same_day(placed_at=placed_at, hours=hours)
    assert ready is not None
    assert courier is not None
    assert ready >= placed_at + timedelta(minutes=120)
    assert courier > placed_at
