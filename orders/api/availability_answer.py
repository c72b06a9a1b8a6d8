"""The answer on availability, written by msgspec: a page of products names a thousand shelves.

As dictionaries through DRF's renderer that took longer than all the rest of the request.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from inventory.api.answers import render_kept
from inventory.moments import as_text
from omniretail.access.principal import Principal
from orders.queries.availability import Availability, LineAvailability


class _Pickup(Struct, frozen=True, gc=False):
    available: bool
    ready_by: str | None


class _Here(Struct, frozen=True, gc=False):
    location: str
    sellable: int
    pickup: _Pickup
    kept: list[dict[str, Any]]


class _Delivery(Struct, frozen=True, gc=False):
    deliver_by: str | None


class _Line(Struct, frozen=True, gc=False):
    sku: str
    requested: int
    sellable: int
    state: str
    locations: list[_Here]
    delivery: _Delivery | None


class _Answer(Struct, frozen=True, gc=False):
    as_of: str | None
    lines: list[_Line]


class _Pickups(dict[datetime | None, _Pickup]):
    """What is said of a pickup, by when it would be ready: worked out once for each moment."""

    def __missing__(self, ready: datetime | None) -> _Pickup:
        self[ready] = said = _Pickup(ready is not None, as_text(ready))
        return said


_NOTHING: list[dict[str, Any]] = []
_write = msgspec.json.Encoder().encode


def write_answer(found: Availability, *, actor: Principal) -> bytes:
    """Write what was found as this actor may read it."""
    pickups = _Pickups()
    lines = [
        _Line(
            line.sku,
            line.requested,
            line.sellable,
            line.state,
            _shelves(line, found, pickups, actor),
            _Delivery(as_text(line.deliver_by)) if line.deliver_by else None,
        )
        for line in found.lines
    ]
    return _write(_Answer(as_text(found.at), lines))


def _shelves(
    line: LineAvailability, found: Availability, pickups: _Pickups, actor: Principal
) -> list[_Here]:
    units, ready, kept = line.units, line.ready, line.kept
    return [
        _Here(
            place.code,
            some,
            pickups[ready[place.id]],
            render_kept(kept[place.id], actor=actor) if place.id in kept else _NOTHING,
        )
        for place in found.places
        if (some := units.get(place.id, 0)) or found.show_empty
    ]
