"""Choosing which locations serve which lines. Pure: it reads numbers and returns a plan.

Rules, in order:
1. carry_out and pickup lines take from the location they name, carry_out first and whole: goods
   that a customer has carried out were there, whatever `sellable` says.
2. same_day lines, then what the shops lack for their pickups, then ship lines, from the fewest
   locations; of equally many the smallest total distance, then the lowest total priority number,
   then the alphabet. A pickup's goods travel to its shop, from locations that ship.
3. Units not available are backordered, else left unmet, else the order is refused, by the policy.
   An order of which not one unit can be had or backordered is always refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from stores.geography import distance_km

from .receipt import write_receipt
from .serving import (
    UNKNOWN_METRES,
    Group,
    Ranks,
    Served,
    Stock,
    serve,
    serve_each_from_one,
    summed,
    withhold_for_ship,
)
from .shapes import (
    CARRY_OUT,
    NAMED_TYPES,
    PICKUP,
    SAME_DAY,
    SHIP,
    TYPES,
    Allocation,
    Demand,
    Plan,
    Policy,
    Shortage,
    Site,
)

Takes = dict[str, dict[str, int]]  # line id -> location code -> units


def plan(
    *,
    demands: Sequence[Demand],
    sellable: Mapping[str, Mapping[str, int]],
    sites: Mapping[str, Site],
    destination: tuple[float, float] | None,
    policy: Policy,
    avoiding: frozenset[str] = frozenset(),
) -> Plan:
    """Plan one order.

    `sellable` is SKU -> location code -> units, already net for the channel; but for carry_out only
    locations in `sites` are used, and no units are taken from those in `avoiding`. `destination` is
    (latitude, longitude) in degrees. Raises ValueError for demands that validation must have
    refused (see `_check`).
    """
    _check(demands)
    usable = sites.keys() - avoiding if avoiding else sites
    stock: Stock = {
        sku: {code: n for code, n in sellable.get(sku, {}).items() if n > 0 and code in usable}
        for sku in {demand.sku for demand in demands}
    }
    stocked = {code for held in stock.values() for code in held}
    named = [d for type_ in NAMED_TYPES for d in demands if d.type == type_]
    takes: Takes = {}
    lacking = _take_named(named, takes, stock, sites, policy) if named else []

    served: list[Served] = []
    if lacking or len(named) < len(demands):
        groups = _group(demands, lacking, stocked, sites, destination)
        served = _serve_chosen(groups, stock, sites, policy)
        for one in served:
            for line_id, take in one.takes.items():
                takes[line_id] = {**takes.get(line_id, {}), **take}

    backordered, unmet, shortages = _settle(demands, takes, policy)
    return Plan(
        allocations=() if shortages else _allocations(demands, takes),
        backordered=backordered,
        unmet=unmet,
        shortages=shortages,
        receipt=write_receipt(
            named=[(line, takes[line.line_id].get(line.location or "", 0)) for line in named],
            served=served,
            sites=sites,
            stocked=stocked,
            avoiding=avoiding,
            destination=destination,
            policy=policy,
            refused=bool(shortages),
        ),
    )


def _check(demands: Sequence[Demand]) -> None:
    if len({demand.line_id for demand in demands}) != len(demands):
        raise ValueError("line ids must differ")
    for demand in demands:
        if demand.type not in TYPES:
            raise ValueError(f"unknown fulfilment type {demand.type!r}")
        if demand.quantity < 1:
            raise ValueError(f"line {demand.line_id!r} asks for {demand.quantity} units")
        if demand.type in NAMED_TYPES and not demand.location:
            raise ValueError(f"line {demand.line_id!r} names no location")


def _take_named(
    named: Sequence[Demand],
    takes: Takes,
    stock: Stock,
    sites: Mapping[str, Site],
    policy: Policy,
) -> list[Demand]:
    """Take units at the locations that customers named; return those that pickups still lack.

    Without `allow_split` a shop that lacks units for its pickups supplies none yet: one
    location, itself or another, is to supply them all.
    """
    shops = {line.location for line in named if line.type == PICKUP}
    whole = {shop: policy.allow_split or _has_all(named, shop, stock) for shop in shops}
    lacking = []
    for line in named:
        code = line.location or ""
        site = sites.get(code)
        held = stock[line.sku]
        taken = takes[line.line_id] = {}
        if line.type == CARRY_OUT:
            if code in held:
                held[code] = max(0, held[code] - line.quantity)
            taken[code] = line.quantity
            continue
        if site is None or not site.pickup:
            continue
        got = min(line.quantity, held.get(code, 0))
        if not whole[code]:
            got = 0
        if got:
            held[code] -= got
            taken[code] = got
        if got < line.quantity:
            lacking.append(replace(line, quantity=line.quantity - got))
    return lacking


def _has_all(named: Sequence[Demand], shop: str | None, stock: Stock) -> bool:
    """Say whether a shop has all units of its pickups, after the carry-out lines."""
    sold = summed(d for d in named if d.location == shop and d.type == CARRY_OUT)
    wanted = summed(d for d in named if d.location == shop and d.type == PICKUP)
    return all(
        stock[sku].get(shop or "", 0) - sold.get(sku, 0) >= units for sku, units in wanted.items()
    )


def _rank(
    codes: Iterable[str], sites: Mapping[str, Site], destination: tuple[float, float] | None
) -> Ranks:
    """Whole metres, so that sums compare exactly and the plan is the same on every machine."""
    if destination is None:
        return {code: (0, sites[code].priority, code) for code in codes}
    latitude, longitude = destination
    ranks: dict[str, tuple[int, int, str]] = {}
    for code in codes:
        site = sites[code]
        metres = UNKNOWN_METRES
        if site.latitude is not None and site.longitude is not None:
            km = distance_km(latitude, longitude, site.latitude, site.longitude)
            metres = round(km * 1000)
        ranks[code] = (metres, site.priority, code)
    return ranks


def _group(
    demands: Sequence[Demand],
    lacking: Sequence[Demand],
    stocked: set[str],
    sites: Mapping[str, Site],
    destination: tuple[float, float] | None,
) -> list[Group]:
    """Group the lines to be sourced: same-day, each shop's lacking pickups, then ship."""
    measured = destination is not None
    same_day = [d for d in demands if d.type == SAME_DAY]
    ship = [d for d in demands if d.type == SHIP]
    ranks = _rank(stocked, sites, destination) if same_day or ship else {}
    groups = [Group(SAME_DAY, same_day, ranks, measured)] if same_day else []
    for shop in dict.fromkeys(line.location or "" for line in lacking):
        lines = [line for line in lacking if line.location == shop]
        groups.append(_group_for_pickup(sites[shop], lines, stocked, sites))
    if ship:
        groups.append(Group(SHIP, ship, ranks, measured))
    return groups


def _group_for_pickup(
    shop: Site, lines: Sequence[Demand], stocked: set[str], sites: Mapping[str, Site]
) -> Group:
    """Group a shop's lines; its own stock is preferred to any other, however near."""
    point = None
    if shop.latitude is not None and shop.longitude is not None:
        point = (shop.latitude, shop.longitude)
    ranks = {**_rank(stocked, sites, point), shop.code: (-1, shop.priority, shop.code)}
    return Group(PICKUP, lines, ranks, point is not None, shop.code)


def _serve_chosen(
    groups: Sequence[Group], stock: Stock, sites: Mapping[str, Site], policy: Policy
) -> list[Served]:
    """Serve the groups, so that none takes all units of a shared SKU."""
    if not policy.allow_split:
        return serve_each_from_one(groups, stock, sites)
    withheld = None
    if len(groups) > 1 and groups[0].type == SAME_DAY:
        travelling = [line for group in groups[1:] for line in group.lines]
        first = groups[0]
        withheld = withhold_for_ship(travelling, first.lines, stock, sites, first.ranks)
    return [
        serve(group, stock, sites, split=True, withheld=withheld if index == 0 else None)
        for index, group in enumerate(groups)
    ]


def _allocations(demands: Sequence[Demand], takes: Takes) -> tuple[Allocation, ...]:
    return tuple(
        Allocation(demand.line_id, demand.sku, code, units, demand.type)
        if demand.type != PICKUP or code == demand.location
        else Allocation(
            demand.line_id, demand.sku, demand.location or "", units, demand.type, source=code
        )
        for demand in demands
        for code, units in takes[demand.line_id].items()
    )


def _settle(
    demands: Sequence[Demand], takes: Mapping[str, Mapping[str, int]], policy: Policy
) -> tuple[dict[str, int], dict[str, int], tuple[Shortage, ...]]:
    """Return the backordered units, the unmet ones, or the shortages that refuse the order."""
    backordered: dict[str, int] = {}
    unmet: dict[str, int] = {}
    refused: list[str] = []
    reached = 0
    for demand in demands:
        got = sum(takes[demand.line_id].values())
        reached += got
        short = demand.quantity - got
        if short == 0:
            continue
        if policy.allow_backorder:
            backordered[demand.line_id] = short
        elif policy.allow_partial:
            unmet[demand.line_id] = short
        else:
            refused.append(demand.sku)
    if demands and not reached and not backordered:
        refused = [demand.sku for demand in demands]
    if not refused:
        return backordered, unmet, ()
    requested = summed(demands)
    available = dict.fromkeys(requested, 0)
    for demand in demands:
        available[demand.sku] += sum(takes[demand.line_id].values())
    shortages = (Shortage(sku, requested[sku], available[sku]) for sku in dict.fromkeys(refused))
    return {}, {}, tuple(shortages)
