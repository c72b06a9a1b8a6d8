"""The answer on availability, written as text: a page of products names a thousand shelves.

As dictionaries through DRF's renderer that took longer than all the rest of the request.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from inventory.api.answers import render_kept
from inventory.moments import as_text
from omniretail.access.principal import Principal
from orders.queries.availability import Availability, LineAvailability
from stores.queries.network import Place


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


_NOTHING = ""
_write = msgspec.json.Encoder().encode


class _Heads(dict[int, str]):
    """What is said of each location before its units, as text: when a pickup would be ready.

    A thousand objects of it took a third of what the door does for a page of products.
    """

    def __init__(self, places: Sequence[Place], ready: Mapping[int, datetime | None]) -> None:
        super().__init__()
        self.ready = ready
        self._codes = {place.id: place.code for place in places}
        self._pickups: dict[datetime | None, str] = {}

    def __missing__(self, place: int) -> str:
        ready = self.ready[place]
        if ready not in self._pickups:
            pickup = _Pickup(ready is not None, as_text(ready))
            self._pickups[ready] = _write(pickup).decode()
        code = _write(self._codes[place]).decode()
        self[place] = head = f'{{"location":{code},"pickup":{self._pickups[ready]},"sellable":'
        return head


def write_answer(found: Availability, *, actor: Principal) -> bytes:
    """Write what was found as this actor may read it."""
    lines = []
    heads = _Heads(found.places, {})
    for line in found.lines:
        if line.ready is not heads.ready:  # most lines share one: all that they ask for is there
            heads = _Heads(found.places, line.ready)
        lines.append(
            _Line(
                line.sku,
                line.requested,
                line.sellable,
                line.state,
                _shelves(line, found, heads, actor),
                _Delivery(as_text(line.deliver_by)) if line.deliver_by else None,
            )
        )
    return _write(_Answer(as_text(found.at), lines))


def _shelves(
    line: LineAvailability, found: Availability, heads: _Heads, actor: Principal
) -> msgspec.Raw:
    units = line.units.get
    kept = {
        place: _write(render_kept(levels, actor=actor))[1:-1].decode()
        for place, levels in line.kept.items()
    }.get
    shelves = [
        f'{heads[place.id]}{some},"kept":[{kept(place.id, _NOTHING)}]}}'
        for place in found.places
        if (some := units(place.id, 0)) or found.show_empty
    ]
    return msgspec.Raw(f"[{','.join(shelves)}]".encode())
