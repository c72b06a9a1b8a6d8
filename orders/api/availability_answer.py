"""The answer on availability: a page of products names a thousand locations."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from core.access.principal import Principal
from inventory.api.answers import render_kept
from inventory.rulebook import Kept
from inventory.timestamps import as_text
from orders.queries.availability import Availability, LineAvailability

_Kept = tuple[Kept, ...]


class _Pickups(dict[datetime | None, dict[str, Any]]):
    """When a pickup would be ready: rendered once for all locations that share it."""

    def __missing__(self, ready: datetime | None) -> dict[str, Any]:
        self[ready] = {"available": ready is not None, "ready_by": as_text(ready)}
        return self[ready]


def render_availability(found: Availability, *, actor: Principal) -> dict[str, Any]:
    """Render what was found as this actor may read it."""
    codes = {place.id: place.code for place in found.places}
    pickups = _Pickups()
    kept: dict[_Kept, list[dict[str, Any]]] = {}

    def levels(those: _Kept) -> list[dict[str, Any]]:
        if those not in kept:
            kept[those] = render_kept(those, actor=actor)
        return kept[those]

    def locations(line: LineAvailability) -> list[dict[str, Any]]:
        units, ready = line.units, line.ready
        return [
            {
                "location": code,
                "pickup": pickups[ready[place]],
                "sellable": units.get(place, 0),
                "kept": levels(line.kept[place]) if place in line.kept else [],
            }
            for place, code in codes.items()
            if found.show_empty or place in units
        ]

    return {
        "as_of": as_text(found.at),
        "lines": [
            {
                "sku": line.sku,
                "requested": line.requested,
                "sellable": line.sellable,
                "state": line.state,
                "locations": locations(line),
                "delivery": line.deliver_by and {"deliver_by": as_text(line.deliver_by)},
            }
            for line in found.lines
        ],
    }
