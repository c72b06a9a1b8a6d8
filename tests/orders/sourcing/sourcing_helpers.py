"""A network of locations, and plans over it without a database."""

from __future__ import annotations

import json
from collections.abc import Mapping

from orders.sourcing import Demand, Plan, Policy, Site, plan, read_receipt

LONDON = (51.5074, -0.1278)


COORDINATES = {
    "LONDON": (51.5, -0.12),
    "READING": (51.455, -0.97),
    "LEEDS": (53.8, -1.55),
    "GLASGOW": (55.86, -4.25),
}


def site(code: str, priority: int = 100, **changes: bool) -> Site:
    latitude, longitude = COORDINATES.get(code, (None, None))
    can = {"ships": True, "pickup": True, "same_day": True} | changes
    return Site(code, "store", priority, latitude, longitude, **can)


def sites(*places: Site) -> dict[str, Site]:
    return {place.code: place for place in places or map(site, COORDINATES)}


def ship(line_id: str, sku: str, quantity: int) -> Demand:
    return Demand(line_id, sku, quantity, "ship", None)


def plan_for(
    *demands: Demand,
    stock: Mapping[str, Mapping[str, int]],
    places: Mapping[str, Site] | None = None,
    destination: tuple[float, float] | None = LONDON,
    **policy: bool,
) -> Plan:
    made = plan(
        demands=demands,
        sellable=stock,
        sites=sites() if places is None else places,
        destination=destination,
        policy=Policy(**policy),
    )
    json.dumps(made.receipt)  # kept with the order, so it must be JSON
    return made


def taken(made: Plan) -> list[tuple[str, str, int]]:
    return [(a.line_id, a.location, a.quantity) for a in made.allocations]


def codes(made: Plan) -> dict[str, str]:
    return {entry["location"]: entry["code"] for entry in read_receipt(made.receipt)["candidates"]}
