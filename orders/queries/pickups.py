"""When a pickup would be ready at a shop, from its own or other stock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from inventory.queries.available.availability import Pool
from orders.promise import ready_by, ready_by_from
from orders.queries.sites import sites_of
from orders.sourcing import PICKUP, Demand, Policy, plan
from stores.geography import distance_km
from stores.queries.network import Network, Place, Source

AS_FAR_AS_IT_GOES = Policy(allow_partial=True)


def ready_for_pickup(*, place: Place, source: Place | None, at: datetime) -> datetime | None:
    """Return when goods ordered at a given time are ready at `place`; from `source` they travel
    first.
    """
    if source is None:
        return ready_by(placed_at=at, hours=place.hours)
    point = None
    if place.latitude is not None and place.longitude is not None:
        point = (place.latitude, place.longitude)
    return ready_by_from(
        placed_at=at,
        source_hours=source.hours,
        distance_km=distance_from(source, point),
        shop_hours=place.hours,
    )


def distance_from(place: Place, point: tuple[float, float] | None) -> float | None:
    """Return the kilometres from a location to a point; None where a coordinate is not known."""
    if point is None or place.latitude is None or place.longitude is None:
        return None
    return distance_km(place.latitude, place.longitude, *point)


def ready_at_shops(
    *,
    lines: Sequence[tuple[str, int]],
    shops: Sequence[Place],
    pool: Pool,
    network: Network,
    source: Source,
    at: datetime,
) -> dict[int, list[datetime | None]]:
    """Return by shop id when a pickup of each (SKU, units) would be ready there.

    An order of these lines for that shop would get the same promise, because it is planned as
    one: the shop's stock first, then units that other locations send. None where a line is not
    available whole. Shops without pickup are left out.
    """
    codes = {identity: place.code for identity, place in network.places.items()}
    sellable = {
        sku: {codes[where]: n for where, n in [*here.items(), *pool.elsewhere[sku].items()]}
        for sku, here in pool.units.items()
    }
    return {
        shop.id: _ready_at(shop, lines, sellable, network, source, at)
        for shop in shops
        if shop.pickup
    }


def _ready_at(
    shop: Place,
    lines: Sequence[tuple[str, int]],
    sellable: dict[str, dict[str, int]],
    network: Network,
    source: Source,
    at: datetime,
) -> list[datetime | None]:
    made = plan(
        demands=[
            Demand(str(index), sku, units, PICKUP, shop.code)
            for index, (sku, units) in enumerate(lines)
        ],
        sellable=sellable,
        sites=sites_of(network, source),
        destination=None,
        policy=AS_FAR_AS_IT_GOES,
    )
    sent_from = {part.source for part in made.allocations}
    ready = {
        code: ready_for_pickup(place=shop, source=network.by_code[code] if code else None, at=at)
        for code in sent_from
    }
    moments: list[list[datetime | None]] = [[] for _ in lines]
    missing = [units for _, units in lines]
    for part in made.allocations:
        index = int(part.line_id)
        moments[index].append(ready[part.source])
        missing[index] -= part.quantity
    return [
        None if short or None in parts else max(moment for moment in parts if moment)
        for short, parts in zip(missing, moments, strict=True)
    ]
