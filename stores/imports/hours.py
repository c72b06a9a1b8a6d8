"""Files of opening hours: an interval a row, all rows of one building together."""

from __future__ import annotations

import calendar
import re
from typing import Any

from core.access.principal import Principal
from core.imports.findings import Effect, RowError
from core.imports.kinds import Chunk, Kind, Progress
from core.imports.rows import Group, Row, RowsRefused, apply_each, prepare_rows
from stores.commands.locations import LocationFacts, put_location
from stores.hours import DAYS, validate_hours
from stores.imports.locations import find_code
from stores.models import Location

# No other word: the first letters of `mardi` are no Tuesday, those of `monat` no Monday.
DAY_NAMES = {name.lower(): DAYS[number] for number, name in enumerate(calendar.day_name)}
_TIME = re.compile(r"(\d{1,2})[:.](\d\d)(?::00)?")


def _time(text: str) -> str:
    """Return a time as 09:00, where it is one: `9:00`, `9.00`, `09:00:00`."""
    found = _TIME.fullmatch(text)
    return f"{found[1]:0>2}:{found[2]}" if found else text


def _apply(chunk: Chunk) -> Progress:
    return apply_each(chunk, lambda group: _put(group, chunk.actor))


def _put(group: Group, actor: Principal) -> list[Effect]:
    """Replace the weekly hours of a building if any weekday is named, and the dates named."""
    code = find_code(group[0], actor, "location")
    location = Location.objects.select_for_update().filter(code=code).first()
    if location is None:
        raise RowsRefused(
            [
                RowError(row.line, "location", "unknown_location", f"There is no location {code}.")
                for row in group
            ]
        )
    week, dates = _intervals(group)
    before = {"hours": location.hours, "exceptions": location.exceptions}
    after = {"hours": week or location.hours, "exceptions": location.exceptions | dates}
    if before == after:
        return []
    put_location(code=code, facts=_with(location, after), actor=actor)
    return [Effect(group[0].line, f"locations/{code}", before, after)]


def _intervals(group: Group) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return weekly hours and dated exceptions. A row without times closes its day."""
    week: dict[str, list[list[str]]] = {}
    dates: dict[str, list[list[str]]] = {}
    lines: dict[str, Row] = {}
    errors = []
    for row in group:
        named = row.cells.get("day", "").lower()
        day, date = DAY_NAMES.get(named, named), row.cells.get("date", "")
        if bool(day) == bool(date):
            reason = "Name a day (mon to sun) or a date, one of them."
            errors.append(RowError(row.line, "day", "day_or_date", reason))
            continue
        spans = (week if day else dates).setdefault(day or date, [])
        pointer = f"/{'hours' if day else 'exceptions'}/{day or date}"
        opens, closes = (_time(row.cells.get(name, "")) for name in ("open", "close"))
        lines[pointer] = row
        if opens or closes:
            lines[f"{pointer}/{len(spans)}"] = row
            spans.append([opens, closes])
    errors += [
        RowError(_line_of(pointer, lines, group), "day", "invalid_hours", detail)
        for pointer, detail in validate_hours(week, dates)
    ]
    if errors:
        raise RowsRefused(errors)
    ordered = {day: sorted(week[day]) for day in DAYS if day in week}
    return ordered, {date: sorted(spans) for date, spans in dates.items()}


def _line_of(pointer: str, lines: dict[str, Row], group: Group) -> int:
    while pointer:
        if pointer in lines:
            return lines[pointer].line
        pointer = pointer.rpartition("/")[0]
    return group[0].line


def _with(location: Location, changes: dict[str, Any]) -> LocationFacts:
    stored = {
        name: getattr(location, name)
        for name in LocationFacts.__dataclass_fields__
        if name != "capabilities"
    }
    return LocationFacts(**stored | changes, capabilities=tuple(location.capabilities))


HOURS = Kind(
    name="hours",
    scope="network:write",
    columns={"location": True, "day": False, "date": False, "open": True, "close": True},
    prepare=lambda file: prepare_rows(
        file, key=("location", "day", "date", "open"), together=("location",)
    ),
    apply=_apply,
    describes="Opening hours, an interval a row. Weekdays replace the whole week of a building; "
    "dates replace those dates; no times means closed.",
)
