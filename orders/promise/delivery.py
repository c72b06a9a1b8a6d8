"""When a parcel is delivered."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from stores.hours import OpeningHours, minute_of_day

from .rules import (
    CARRIER_DAYS,
    DISPATCH_CUT_OFF,
    END_OF_DAY,
    LOOK_AHEAD_DAYS,
    SAME_DAY_LAST_DEPARTURE,
    SAME_DAY_PREPARATION_MINUTES,
    TRANSIT_DAYS,
    TRANSIT_DAYS_BEYOND,
    TRANSIT_DAYS_UNKNOWN,
)


def deliver_by(
    *,
    placed_at: datetime,
    hours: OpeningHours,
    distance_km: float | None,
    cut_off: time = DISPATCH_CUT_OFF,
) -> datetime:
    """The end of the day on which a shipped parcel arrives at the latest.

    It leaves on the first carrier day on which the building is open: today if the order came
    before the cut-off and before closing. Then the carrier takes the days of its distance band.
    """
    local = placed_at.astimezone(hours.zone)
    day = _dispatch_day(local, hours, cut_off)
    for _ in range(transit_days(distance_km)):
        day = _next_carrier_day(day, hours)
    return _end_of(day, hours)


def same_day(*, placed_at: datetime, hours: OpeningHours) -> datetime | None:
    """The end of the day on which a courier brings the goods, or None if the location stays closed.

    Today if they can be prepared in open hours before the last departure, else the next open day.
    """
    ready = hours.open_minutes_after(placed_at, SAME_DAY_PREPARATION_MINUTES)
    if ready is None:
        return None
    leaves = ready.astimezone(hours.zone)
    day = leaves.date()
    if leaves.time() > SAME_DAY_LAST_DEPARTURE:
        midnight = datetime.combine(day + timedelta(days=1), time(), tzinfo=hours.zone)
        opens = hours.next_opening(midnight)
        if opens is None:
            return None
        day = opens.astimezone(hours.zone).date()
    return _end_of(day, hours)


def transit_days(distance_km: float | None) -> int:
    """Carrier days in transit for a distance, or for an unknown one."""
    if distance_km is None:
        return TRANSIT_DAYS_UNKNOWN
    return next((days for km, days in TRANSIT_DAYS if distance_km <= km), TRANSIT_DAYS_BEYOND)


def _dispatch_day(local: datetime, hours: OpeningHours, cut_off: time) -> date:
    day = local.date()
    if _is_dispatch_day(day, hours) and local.time() < min(cut_off, _last_closing(day, hours)):
        return day
    first = day = _next_carrier_day(day, hours)
    for _ in range(LOOK_AHEAD_DAYS):
        if _is_dispatch_day(day, hours):
            return day
        day = _next_carrier_day(day, hours)
    # Its hours are for visitors (weekends only, by appointment): the carrier still comes.
    return first


def _is_dispatch_day(day: date, hours: OpeningHours) -> bool:
    return day.weekday() in CARRIER_DAYS and bool(hours.intervals_on(day))


def _last_closing(day: date, hours: OpeningHours) -> time:
    last = max(minute_of_day(closes) for _, closes in hours.intervals_on(day))
    return time.max if last == 24 * 60 else time(last // 60, last % 60)


def _next_carrier_day(day: date, hours: OpeningHours) -> date:
    """A date on which the building is closed by exception is most likely a public holiday there:
    nothing is collected or delivered."""
    day += timedelta(days=1)
    while day.weekday() not in CARRIER_DAYS or hours.exceptions.get(day.isoformat()) == []:
        day += timedelta(days=1)
    return day


def _end_of(day: date, hours: OpeningHours) -> datetime:
    return datetime.combine(day, END_OF_DAY, tzinfo=hours.zone).astimezone(UTC)
