"""The answer on availability, written as text: a page of products names a thousand shelves.

As dictionaries through DRF's renderer that took longer than all the rest of the request.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from core.access.principal import Principal
from inventory.api.answers import render_kept
from inventory.keeping import Kept
from inventory.moments import as_text
from orders.queries.availability import Availability, LineAvailability


class _Pickup(Struct, frozen=True, gc=False):
    available: bool
    ready_by: str | None


class _Delivery(Struct, frozen=True, gc=False):
    deliver_by: str | None


class _Line(Struct, frozen=True, gc=False):
    sku: str
    requested: int
    sellable: int
    state: str
    locations: msgspec.Raw
    delivery: _Delivery | None


class _Answer(Struct, frozen=True, gc=False):
    as_of: str | None
    lines: list[_Line]


_write = msgspec.json.Encoder().encode


class _Form(NamedTuple):
    """What is said of some locations, with a place for the figure of each."""

    figures: Callable[[Mapping[int, int]], Any]  # in the order of the text
    text: str


class _Shelves:
    """Writes what each location has of a SKU.

    All about a location but its figure is put together once for the SKUs that lie at the same
    locations: filling in the figures takes 3 us a SKU, to say each anew took 15.
    """

    def __init__(self, found: Availability, actor: Principal) -> None:
        self._show_empty, self._actor = found.show_empty, actor
        self._codes = {place.id: _write(place.code).decode() for place in found.places}
        self._ready: Mapping[int, datetime | None] = {}
        self._pickups: dict[datetime | None, str] = {}
        self._forms: dict[tuple[int, ...], _Form] = {}
        self._levels: dict[int, str] = {}

    def write(self, line: LineAvailability) -> str:
        units = line.units
        if self._show_empty:
            units = {place: units.get(place, 0) for place in self._codes}
        if not units:
            return "[]"
        if line.ready is not self._ready:  # most lines share one: all that they ask for is there
            self._ready = line.ready
            self._forms.clear()
        places = tuple(units)
        form = None if line.kept else self._forms.get(places)
        if form is None:
            form = self._form(units, line.kept)
            if not line.kept:
                self._forms[places] = form
        return form.text % form.figures(units)

    def _form(self, units: Mapping[int, int], kept: Mapping[int, tuple[Kept, ...]]) -> _Form:
        places = [place for place in self._codes if place in units]
        shelves = [self._shelf(place, kept.get(place, ())) for place in places]
        return _Form(itemgetter(*places), f"[{','.join(shelves)}]")

    def _shelf(self, place: int, levels: tuple[Kept, ...]) -> str:
        said = f'{{"location":{self._codes[place]},"pickup":{self._pickup(place)},"sellable":'
        return f'{_as_form(said)}%d,"kept":[{_as_form(self._kept(levels))}]}}'

    def _pickup(self, place: int) -> str:
        ready = self._ready[place]
        if ready not in self._pickups:
            pickup = _Pickup(ready is not None, as_text(ready))
            self._pickups[ready] = _write(pickup).decode()
        return self._pickups[ready]

    def _kept(self, levels: tuple[Kept, ...]) -> str:
        # What a rule keeps is one object for all its shelves.
        if id(levels) not in self._levels:
            text = _write(render_kept(levels, actor=self._actor)).decode()
            self._levels[id(levels)] = text[1:-1]
        return self._levels[id(levels)]


def write_answer(found: Availability, *, actor: Principal) -> bytes:
    """Write what was found as this actor may read it."""
    shelves = _Shelves(found, actor)
    deliveries: dict[datetime | None, _Delivery | None] = {None: None}
    lines = []
    for line in found.lines:
        by = line.deliver_by
        if by not in deliveries:
            deliveries[by] = _Delivery(as_text(by))
        lines.append(
            _Line(
                line.sku,
                line.requested,
                line.sellable,
                line.state,
                msgspec.Raw(shelves.write(line).encode()),
                deliveries[by],
            )
        )
    return _write(_Answer(as_text(found.at), lines))


def _as_form(text: str) -> str:
    return text.replace("%", "%%")
