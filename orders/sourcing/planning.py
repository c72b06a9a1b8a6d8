"""Choosing which locations serve which lines. Pure: it reads numbers and returns a plan.

Rules, in order:
1. carry_out and pickup lines take from the location they name, carry_out first: goods already in
   the customer's hands cannot wait, and a till sale is never backordered.
2. same_day lines, then ship lines, from the fewest locations; of equally many the smallest total
   distance, then the lowest total priority number, then the alphabet.
3. What cannot be had is backordered, else left unmet, else refuses the order, as the policy says.
   An order of which not one unit can be had or backordered is always refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from stores.geography import distance_km

from .receipt import write_receipt
from .serving import UNKNOWN_METRES, Ranks, Served, Stock, serve, summed, withhold_for_ship
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


def plan(
    *,
    demands: Sequence[Demand],
    sellable: Mapping[str, Mapping[str, int]],
    sites: Mapping[str, Site],
    destination: tuple[float, float] | None,
    policy: Policy,
) -> Plan:
    """Plan one order.

    `sellable` is SKU -> location code -> units, already net for the channel; only locations in
    `sites` are used. `destination` is (latitude, longitude) in degrees. Raises ValueError for
    demands that no door should let through (see `_check`).
    """
    _check(demands)
    stock: Stock = {
        sku: {code: n for code, n in sellable.get(sku, {}).items() if n > 0 and code in sites}
        for sku in {demand.sku for demand in demands}
    }
    stocked = {code for held in stock.values() for code in held}
    named = [d for type_ in NAMED_TYPES for d in demands if d.type == type_]
    takes = {line.line_id: _take_named(line, stock, sites) for line in named}
    named_got = [(line, sum(takes[line.line_id].values())) for line in named]

    ranks: Ranks = {}
    served: list[Served] = []
    if len(named) < len(demands):
        ranks = _rank(stocked, sites, destination)
        served = _serve_chosen(demands, stock, sites, ranks, policy)
        for group in served:
            takes.update(group.takes)

    backordered, unmet, shortages = _settle(demands, takes, policy)
    return Plan(
        allocations=() if shortages else _allocations(demands, takes),
        backordered=backordered,
        unmet=unmet,
        shortages=shortages,
        receipt=write_receipt(
            named=named_got,
            served=served,
            sites=sites,
            stocked=stocked,
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


def _take_named(line: Demand, stock: Stock, sites: Mapping[str, Site]) -> dict[str, int]:
    code = line.location or ""
    site = sites.get(code)
    if site is None or (line.type == PICKUP and not site.pickup):
        return {}
    held = stock[line.sku]
    got = min(line.quantity, held.get(code, 0))
    if got == 0:
        return {}
    held[code] -= got
    return {code: got}


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


def _serve_chosen(
    demands: Sequence[Demand],
    stock: Stock,
    sites: Mapping[str, Site],
    ranks: Ranks,
    policy: Policy,
) -> list[Served]:
    """Serve same-day and ship lines, so that neither starves the other of a shared SKU."""
    same_day = [d for d in demands if d.type == SAME_DAY]
    ship = [d for d in demands if d.type == SHIP]
    split = policy.allow_split
    groups = [(type_, lines) for type_, lines in ((SAME_DAY, same_day), (SHIP, ship)) if lines]
    if len(groups) < 2 or summed(same_day).keys().isdisjoint(summed(ship)):
        return [serve(type_, lines, stock, sites, ranks, split=split) for type_, lines in groups]
    if split:
        withheld = withhold_for_ship(ship, same_day, stock, sites, ranks)
        first = serve(SAME_DAY, same_day, stock, sites, ranks, split=True, withheld=withheld)
        return [first, serve(SHIP, ship, stock, sites, ranks, split=True)]
    # One location per kind: if both kinds want the same one, whichever goes first may leave the
    # other nothing. Trying both orders finds a way whenever there is one.
    attempts = []
    for order in (groups, groups[::-1]):
        trial = {sku: dict(held) for sku, held in stock.items()}
        attempts.append([serve(t, lines, trial, sites, ranks, split=False) for t, lines in order])
    return max(attempts, key=lambda attempt: sum(group.reached for group in attempt))


def _allocations(
    demands: Sequence[Demand], takes: Mapping[str, Mapping[str, int]]
) -> tuple[Allocation, ...]:
    return tuple(
        Allocation(demand.line_id, demand.sku, code, units, demand.type)
        for demand in demands
        for code, units in takes[demand.line_id].items()
    )


def _settle(
    demands: Sequence[Demand], takes: Mapping[str, Mapping[str, int]], policy: Policy
) -> tuple[dict[str, int], dict[str, int], tuple[Shortage, ...]]:
    """What is backordered, what is left unmet, or the shortages that refuse the order."""
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
        if policy.allow_backorder and demand.type != CARRY_OUT:
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
