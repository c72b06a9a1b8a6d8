"""The promised date and time of one fulfilment."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from inventory.timestamps import as_text
from orders.choices import FulfilmentType
from orders.promise import deliver_by, same_day
from orders.queries.pickups import distance_from, ready_for_pickup
from stores.geography import locate_postal_code
from stores.queries.network import Place

Point = tuple[float, float]


def destination_of(ship_to: dict[str, Any] | None) -> Point | None:
    """Return where a parcel goes: its coordinates, else the centre of its postal code."""
    if not ship_to:
        return None
    if ship_to.get("latitude") is not None and ship_to.get("longitude") is not None:
        return ship_to["latitude"], ship_to["longitude"]
    if ship_to.get("postal_code") and ship_to.get("country"):
        return locate_postal_code(ship_to["postal_code"], ship_to["country"])
    return None


def promise_for(
    *,
    type: str,
    place: Place,
    destination: Point | None,
    at: datetime,
    source: Place | None = None,
) -> dict[str, str | None] | None:
    """Return `{"ready_by"}` for a pickup, `{"deliver_by"}` for a delivery, nothing at the till.

    `source` sends the goods of a pickup to `place` first.
    """
    if type == FulfilmentType.CARRY_OUT:
        return None
    if type == FulfilmentType.PICKUP:
        return {"ready_by": as_text(ready_for_pickup(place=place, source=source, at=at))}
    if type == FulfilmentType.SAME_DAY:
        return {"deliver_by": as_text(same_day(placed_at=at, hours=place.hours))}
    far = distance_from(place, destination)
    return {"deliver_by": as_text(deliver_by(placed_at=at, hours=place.hours, distance_km=far))}
