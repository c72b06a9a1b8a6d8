"""Saying why an order falls short, SKU by SKU."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from core.access.principal import Principal
from inventory.errors import InsufficientStock
from inventory.queries.available.shortage import (
    DOES_NOT_SHIP,
    NO_PICKUP,
    NO_SAME_DAY,
    NOT_OF_CHANNEL,
    OTHER_LOCATION,
    UnitsAt,
    explain_shortage,
)
from orders.commands.placing.plan_units import ChannelAvailability
from orders.sourcing import CARRY_OUT, PICKUP, SAME_DAY, Demand, Plan, Site


def shortages(
    plan: Plan, demands: Sequence[Demand], availability: ChannelAvailability, *, actor: Principal
) -> list[dict[str, Any]]:
    """Return a line for each SKU of a plan that falls short; locations that the actor may not see
    are left out.
    """
    return [
        explain_shortage(
            sku=short.sku,
            requested=short.requested,
            units=_units_at(
                availability, [demand for demand in demands if demand.sku == short.sku], actor
            ),
        )
        for short in plan.shortages
    ]


def insufficient_stock(
    plan: Plan, demands: Sequence[Demand], availability: ChannelAvailability, *, actor: Principal
) -> InsufficientStock:
    return InsufficientStock(lines=shortages(plan, demands, availability, actor=actor))


def _units_at(
    availability: ChannelAvailability, demands: Sequence[Demand], actor: Principal
) -> Iterator[UnitsAt]:
    sku = demands[0].sku
    sites = availability.sites
    for code, free, kept in availability.free_units(sku):
        if actor.sees_location(code):
            yield UnitsAt(code, free, kept, _rule(sites, code, demands))


def _rule(sites: Mapping[str, Site], code: str, demands: Sequence[Demand]) -> str | None:
    """Return the rule by which none of these demands may take from a location, or None."""
    if code not in sites:
        return NOT_OF_CHANNEL
    rules = [_rule_of_one(sites, sites[code], demand) for demand in demands]
    return None if None in rules else rules[0]


def _rule_of_one(sites: Mapping[str, Site], site: Site, demand: Demand) -> str | None:
    if demand.type == CARRY_OUT:
        return None if site.code == demand.location else OTHER_LOCATION
    if demand.type == SAME_DAY:
        return None if site.same_day else NO_SAME_DAY
    if demand.type == PICKUP:
        shop = sites.get(demand.location or "")
        if shop is None or not shop.pickup:
            return NO_PICKUP
        if site.code == shop.code:
            return None
    return None if site.ships else DOES_NOT_SHIP
