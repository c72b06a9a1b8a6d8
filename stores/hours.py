"""When a location is open: weekly hours, dated exceptions, a time zone.

Hours are wall-clock times, `{"mon": [["09:00", "18:00"]], ...}`; a day that is not named is closed.
An exception replaces its date, `{"2026-12-25": [], "2026-12-24": [["09:00", "13:00"]]}`. A location
with no weekly hours at all is open around the clock, but for its exceptions.

Minutes are counted between instants, so a night in which the clocks change counts as long as it
really is. A wall time that the clocks skip means the moment of the change, one that comes twice
means the first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import groupby, islice, pairwise
from zoneinfo import ZoneInfo, available_timezones

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTES_OF_DAY = 24 * 60
AROUND_THE_CLOCK = (("00:00", "24:00"),)

# A location that does not open within this many days is as good as closed for good.
LOOK_AHEAD_DAYS = 60

MAX_INTERVALS_A_DAY = 12
MAX_EXCEPTIONS = 1_000

_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

Intervals = Sequence[Sequence[str]]
Problem = tuple[str, str]


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """The opening hours of one location. Pass only what `validate_hours` accepts."""

    timezone: str = "UTC"
    hours: Mapping[str, Intervals] = field(default_factory=dict)
    exceptions: Mapping[str, Intervals] = field(default_factory=dict)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def is_open(self, at: datetime) -> bool:
        """Whether the location is open at `at`; at the closing minute it is not."""
        return self.next_opening(at) == at

    def next_opening(self, at: datetime) -> datetime | None:
        """`at` itself if open, else the next opening; None if there is none in 60 days. UTC."""
        at = _as_utc(at)
        for opens, _ in self._openings(at):
            return max(opens, at)
        return None

    def open_minutes_after(self, at: datetime, minutes: float) -> datetime | None:
        """The instant (UTC) at which the location has been open for `minutes` since `at`.

        With 0 minutes the next opening. The last minute of a day ends at its closing time, not at
        the next opening. None if the location stays closed for 60 days on the way.
        """
        if minutes < 0:
            raise ValueError("minutes must not be negative")
        at = _as_utc(at)
        left = timedelta(minutes=minutes)
        if not self.hours and not self.exceptions:
            return at + left
        for opens, closes in self._openings(at):
            begins = max(opens, at)
            if left <= closes - begins:
                return begins + left
            left -= closes - begins
        return None

    def closing_at(self, at: datetime) -> datetime | None:
        """The first closing time of an opening day that is not before `at`; UTC.

        None if the location stays closed for 60 days.
        """
        at = _as_utc(at)
        # From the day before: the day that ends at midnight closes on the next date.
        return next((end for _, end in self._closings(at - timedelta(days=1)) if end >= at), None)

    def closing_after(self, at: datetime, open_days: int) -> datetime | None:
        """The closing time (UTC) of the opening day that is so many opening days after `at`'s date.

        None if the location stays closed for 60 days on the way.
        """
        at = _as_utc(at)
        today = at.astimezone(self.zone).date()
        later = (end for day, end in self._closings(at) if day > today)
        return next(islice(later, open_days - 1, None), None)

    def _closings(self, at: datetime) -> Iterator[tuple[date, datetime]]:
        """The opening days from the date of `at`, each with the time at which it closes."""
        zone = self.zone
        first = datetime.combine(at.astimezone(zone).date(), time(), tzinfo=zone)
        for day, openings in groupby(
            self._openings(first.astimezone(UTC)), lambda each: each[0].astimezone(zone).date()
        ):
            yield day, max(closes for _, closes in openings)

    def intervals_on(self, day: date) -> Intervals:
        """The wall-clock intervals of a local date, as they were entered."""
        exception = self.exceptions.get(day.isoformat())
        if exception is not None:
            return exception
        if not self.hours:
            return AROUND_THE_CLOCK
        return self.hours.get(DAYS[day.weekday()], ())

    def _openings(self, at: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Intervals that end after `at`, in order, until 60 days pass without one."""
        zone = self.zone
        day = last_open = at.astimezone(zone).date()
        while (day - last_open).days <= LOOK_AHEAD_DAYS:
            for opens, closes in sorted(self.intervals_on(day), key=_opening_time):
                begins = _instant(day, minute_of_day(opens), zone)
                ends = _instant(day, minute_of_day(closes), zone)
                if begins < ends and at < ends:  # an interval the clocks skip whole is empty
                    yield begins, ends
                    last_open = day
            day += timedelta(days=1)


@lru_cache(maxsize=MINUTES_OF_DAY + 1)
def minute_of_day(wall_time: str) -> int:
    """`"09:30"` -> 570; `"24:00"` -> 1440."""
    return int(wall_time[:2]) * 60 + int(wall_time[3:])


def _opening_time(interval: Sequence[str]) -> str:
    return interval[0]


def is_timezone(name: str) -> bool:
    """Whether `name` is an IANA time zone, such as Europe/London."""
    return name in _timezones()


@lru_cache(maxsize=1)
def _timezones() -> frozenset[str]:
    return frozenset(available_timezones())


def _as_utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("a time without a zone names no instant")
    return at.astimezone(UTC)


def _instant(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    """The instant of a wall time: never earlier for a later wall time, whatever the clocks do."""
    wall = datetime.combine(day, time()) + timedelta(minutes=minutes)
    instant = wall.replace(tzinfo=zone).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == wall:
        return instant
    # The clocks skip this wall time. Close in on the moment they change: it lies between the
    # wall time read with the offset after the change and with the offset before.
    before, after = wall.replace(tzinfo=zone, fold=1).astimezone(UTC), instant
    new_offset = after.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == new_offset:
            after = middle
        else:
            before = middle
    return after


def validate_hours(hours: object, exceptions: object) -> list[Problem]:
    """What is wrong with hours and exceptions as a client sent them: (JSON pointer, detail).

    Takes any JSON value. An empty list means that `OpeningHours` accepts them.
    """
    problems: list[Problem] = []
    if not isinstance(hours, dict):
        problems.append(
            ("/hours", 'Give an object of days, such as {"mon": [["09:00", "18:00"]]}.')
        )
    else:
        for day, intervals in hours.items():
            pointer = f"/hours/{_escaped(day)}"
            if day in DAYS:
                problems += _problems_of_day(pointer, intervals)
            else:
                problems.append((pointer, f"Unknown day; the days are {', '.join(DAYS)}."))
    if not isinstance(exceptions, dict):
        problems.append(("/exceptions", 'Give an object of dates, such as {"2026-12-25": []}.'))
    elif len(exceptions) > MAX_EXCEPTIONS:
        problems.append(("/exceptions", f"At most {MAX_EXCEPTIONS} dates."))
    else:
        for day, intervals in exceptions.items():
            pointer = f"/exceptions/{_escaped(day)}"
            if _is_date(day):
                problems += _problems_of_day(pointer, intervals)
            else:
                problems.append((pointer, "Not a date; write it as 2026-12-25."))
    return problems


def _problems_of_day(pointer: str, intervals: object) -> list[Problem]:
    if not isinstance(intervals, list):
        return [(pointer, 'Give a list of intervals, such as [["09:00", "18:00"]]; [] is closed.')]
    if len(intervals) > MAX_INTERVALS_A_DAY:
        return [(pointer, f"At most {MAX_INTERVALS_A_DAY} intervals a day.")]
    problems: list[Problem] = []
    sound: list[tuple[int, int, int]] = []
    for at, interval in enumerate(intervals):
        detail = _problem_of_interval(interval)
        if detail:
            problems.append((f"{pointer}/{at}", detail))
        else:
            sound.append((minute_of_day(interval[0]), minute_of_day(interval[1]), at))
    sound.sort()
    for (_, closes, _), (opens, _, at) in pairwise(sound):
        if opens < closes:
            problems.append((f"{pointer}/{at}", "Overlaps another interval of the day."))
    return problems


def _problem_of_interval(interval: object) -> str | None:
    if not isinstance(interval, list) or len(interval) != 2:
        return 'Give opening and closing time, such as ["09:00", "18:00"].'
    for wall_time in interval:
        if not isinstance(wall_time, str) or not _TIME.fullmatch(wall_time):
            return "Not a time; write hours and minutes as 09:00, at most 24:00."
    opens, closes = interval
    if opens == "24:00":
        return "24:00 can only be a closing time."
    if opens == closes:
        return 'Opens and closes at the same time; the whole day is ["00:00", "24:00"].'
    if closes < opens:
        return (
            "Closes before it opens. Split hours past midnight at midnight: "
            f'["{opens}", "24:00"] on this day and ["00:00", "{closes}"] on the next.'
            if closes != "00:00"
            else 'Closes before it opens; midnight at the end of the day is "24:00".'
        )
    return None


def _is_date(text: str) -> bool:
    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _escaped(key: str) -> str:
    """A key as a step of a JSON pointer (RFC 6901), cut so that answers do not grow with input."""
    return key[:40].replace("~", "~0").replace("/", "~1")
