"""The work at each location that a person may see: a table of figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.contrib import admin
from django.db.models import Model

from core.access.models import User
from omniretail.overview.figures import ANYWHERE, Figure, Found, figures
from stores.models import Location


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure at one location, or over all; `href` is empty without a list to open."""

    figure: Figure
    count: int
    href: str = ""
    # How many of `count` are urgent.
    urgent: int = 0
    urgent_href: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One location's line of the table; without a location, rows that name none."""

    location: Location | None
    cells: Sequence[Cell]
    open_now: bool = False
    clock: str = ""  # its local time, and when it opens or closes next


@dataclass(slots=True)
class Overview:
    """The data of the page for a signed-in person."""

    totals: Sequence[Cell]
    busy: list[Row] = field(default_factory=list)
    idle: list[Row] = field(default_factory=list)


def may_open(user: User, model: type[Model]) -> bool:
    """Say whether the admin shows this table to this person."""
    meta = model._meta
    allowed = user.has_perm(f"{meta.app_label}.view_{meta.model_name}")
    return allowed and admin.site.is_registered(model)


def look_around(user: User, *, at: datetime) -> Overview:
    """Count the work at every location that this person may see: one query a figure."""
    principal = user.principal()
    locations = list(Location.objects.visible_to(principal))
    places = [place.pk for place in locations] if principal.is_tied else None
    columns = figures(at)
    counts = {figure.key: figure.count(places) for figure in columns}
    open_to = {figure.key: may_open(user, figure.all.model) for figure in columns}

    def cell(figure: Figure, found: Found, place: dict[str, str]) -> Cell:
        linked = found.all and open_to[figure.key]
        hurried = figure.urgent if linked and found.urgent else None
        return Cell(
            figure,
            found.all,
            figure.address(**place) if linked else "",
            found.urgent,
            figure.address(**{**hurried.listed, **place}) if hurried else "",
        )

    def cells(location_id: int | None) -> list[Cell]:
        return [
            cell(figure, counts[figure.key].get(location_id, Found()), figure.at(location_id))
            for figure in columns
        ]

    def everywhere(figure: Figure) -> Cell:
        found = counts[figure.key].values()
        total = Found(sum(each.all for each in found), sum(each.urgent for each in found))
        return cell(figure, total, figure.among(places))

    overview = Overview(totals=[everywhere(figure) for figure in columns])
    for place in locations:
        row = Row(place, cells(place.pk), *open_now(place, at))
        (overview.busy if any(here.count for here in row.cells) else overview.idle).append(row)
    if ANYWHERE in counts["waiting"]:
        overview.busy.append(Row(None, cells(ANYWHERE)))
    return overview


def open_now(location: Location, at: datetime) -> tuple[bool, str]:
    """Say whether a location is open, with its local time."""
    hours = location.opening_hours
    local = at.astimezone(location.zone)
    opens = hours.next_opening(at)
    if opens == at.astimezone(UTC):
        return True, f"{local:%H:%M}, open"
    if opens is None:
        return False, f"{local:%H:%M}, closed"
    then = opens.astimezone(location.zone)
    day = "" if then.date() == local.date() else f"{then:%a} "
    return False, f"{local:%H:%M}, opens {day}{then:%H:%M}"
