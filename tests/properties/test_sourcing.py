"""Laws of sourcing, over generated orders."""

from __future__ import annotations

from collections import Counter
from itertools import combinations, product

from hypothesis import given, settings
from hypothesis import strategies as st

from orders.sourcing import Demand, Plan, Policy, Site, plan, read_receipt
from tests.properties.sourcing_cases import (
    after_own_stock,
    allowed_sets,
    destinations,
    most_servable,
    order_of,
    orders,
    policies,
    site_sets,
    stocks,
    usable,
)


@settings(deadline=None)
@given(orders, stocks, site_sets, destinations, policies)
def test_units_are_conserved_and_never_given_twice(
    demands: list[Demand],
    sellable: dict[str, dict[str, int]],
    sites: dict[str, Site],
    destination: tuple[float, float] | None,
    policy: Policy,
) -> None:
    before = {sku: dict(held) for sku, held in sellable.items()}
    made = plan(
        demands=demands, sellable=sellable, sites=sites, destination=destination, policy=policy
    )
    assert sellable == before
    assert made == plan(
        demands=demands, sellable=sellable, sites=sites, destination=destination, policy=policy
    )
    by_line = {demand.line_id: demand for demand in demands}
    given_out: Counter[tuple[str, str]] = Counter()
    carried_out: Counter[tuple[str, str]] = Counter()
    got: Counter[str] = Counter()
    for allocation in made.allocations:
        demand = by_line[allocation.line_id]
        assert allocation.quantity > 0
        assert (allocation.sku, allocation.type) == (demand.sku, demand.type)
        assert usable(demand, allocation.building, sites)
        assert allocation.source != allocation.location
        if demand.type in ("pickup", "carry_out"):
            assert allocation.location == demand.location
        counted = carried_out if demand.type == "carry_out" else given_out
        counted[allocation.sku, allocation.building] += allocation.quantity
        got[allocation.line_id] += allocation.quantity
    for (sku, code), units in given_out.items():
        assert units <= max(0, sellable[sku][code] - carried_out[sku, code])
    assert len({(a.line_id, a.building) for a in made.allocations}) == len(made.allocations)
    if made.refused:
        assert (made.allocations, made.backordered, made.unmet) == ((), {}, {})
        return
    for demand in demands:
        backordered = made.backordered.get(demand.line_id, 0)
        unmet = made.unmet.get(demand.line_id, 0)
        assert got[demand.line_id] + backordered + unmet == demand.quantity
        assert not unmet or (policy.allow_partial and not (backordered and unmet))
        assert not backordered or policy.allow_backorder
        assert demand.type != "carry_out" or got[demand.line_id] == demand.quantity


@settings(deadline=None)
@given(orders, stocks, site_sets, destinations)
def test_with_split_an_order_is_refused_only_when_no_way_exists(
    demands: list[Demand],
    sellable: dict[str, dict[str, int]],
    sites: dict[str, Site],
    destination: tuple[float, float] | None,
) -> None:
    asked = sum(demand.quantity for demand in demands)
    rest, left = after_own_stock(demands, sellable, sites)
    possible = asked - sum(d.quantity for d in rest)
    possible += most_servable(rest, left, allowed_sets(rest, sites))
    strict = plan(
        demands=demands, sellable=sellable, sites=sites, destination=destination, policy=Policy()
    )
    assert strict.refused == (possible < asked)
    for shortage in strict.shortages:
        assert 0 <= shortage.available < shortage.requested
        assert shortage.requested == sum(d.quantity for d in demands if d.sku == shortage.sku)
    lenient = plan(
        demands=demands,
        sellable=sellable,
        sites=sites,
        destination=destination,
        policy=Policy(allow_partial=True),
    )
    assert sum(a.quantity for a in lenient.allocations) == possible
    assert lenient.refused == (possible == 0)


@settings(deadline=None)
@given(orders, stocks, site_sets, destinations)
def test_without_split_an_order_is_refused_only_when_no_single_location_can(
    demands: list[Demand],
    sellable: dict[str, dict[str, int]],
    sites: dict[str, Site],
    destination: tuple[float, float] | None,
) -> None:
    rest, left = after_own_stock(demands, sellable, sites, split=False)
    asked = sum(d.quantity for d in rest)
    # One building for all parcels, one for all couriers, one for all that a shop hands over.
    kinds = sorted({(d.type, d.location or "") for d in rest if d.type != "carry_out"})
    possible = (
        any(
            most_servable(
                rest,
                left,
                [
                    {code for code in allowed if from_[d.type, d.location or ""] == code}
                    for d, allowed in zip(rest, allowed_sets(rest, sites), strict=True)
                ],
            )
            == asked
            for choice in product(sites or ["none"], repeat=len(kinds))
            if (
                from_ := {("carry_out", d.location or ""): "" for d in rest}
                | dict(zip(kinds, choice, strict=True))
            )
        )
        if rest
        else True
    )
    made = plan(
        demands=demands,
        sellable=sellable,
        sites=sites,
        destination=destination,
        policy=Policy(allow_split=False),
    )
    assert made.refused == (not possible)
    for type_ in ("ship", "same_day"):
        assert len({a.location for a in made.allocations if a.type == type_}) <= 1
    for shop in sites:
        brought = {a.building for a in made.allocations if (a.type, a.location) == ("pickup", shop)}
        assert len(brought) <= 1


@settings(deadline=None)
@given(orders, stocks, site_sets, destinations, policies)
def test_nothing_is_carried_to_a_shop_that_has_it(
    demands: list[Demand],
    sellable: dict[str, dict[str, int]],
    sites: dict[str, Site],
    destination: tuple[float, float] | None,
    policy: Policy,
) -> None:
    made = plan(
        demands=demands, sellable=sellable, sites=sites, destination=destination, policy=policy
    )
    own: Counter[tuple[str, str]] = Counter()
    carried: Counter[tuple[str, str]] = Counter()
    for a in made.allocations:
        if a.type in ("pickup", "carry_out"):
            (carried if a.source else own)[a.sku, a.location] += a.quantity
    for (sku, shop), units in carried.items():
        held = sellable.get(sku, {}).get(shop, 0)
        if policy.allow_split:
            assert own[sku, shop] >= max(held, 0)  # a till may have sold more than was known
        else:
            missing = [
                d.sku
                for d in demands
                if d.type == "pickup"
                and d.location == shop
                and sellable.get(d.sku, {}).get(shop, 0)
                < sum(
                    e.quantity
                    for e in demands
                    if e.sku == d.sku and e.location == shop and e.type in ("pickup", "carry_out")
                )
            ]
            assert missing, (sku, shop, units)


def chosen_set(made: Plan) -> set[str]:
    return {a.location for a in made.allocations}


@settings(deadline=None, max_examples=200)
@given(order_of(["ship"]), stocks, site_sets, destinations, st.booleans())
def test_ship_lines_use_the_best_of_the_smallest_sets(
    demands: list[Demand],
    sellable: dict[str, dict[str, int]],
    sites: dict[str, Site],
    destination: tuple[float, float] | None,
    partial: bool,
) -> None:
    made = plan(
        demands=demands,
        sellable=sellable,
        sites=sites,
        destination=destination,
        policy=Policy(allow_partial=partial),
    )
    if made.refused:
        return
    units = sum(a.quantity for a in made.allocations)
    assert made.receipt["method"] == "exact"
    entries = {e["location"]: e for e in read_receipt(made.receipt)["candidates"]}

    def score(codes: tuple[str, ...]) -> tuple[int, int, list[str]]:
        km = [entries[code]["distance_km"] for code in codes]
        metres = [20_038_000 if d is None else round(d * 1000) for d in km]
        total = 0 if destination is None else sum(metres)
        return total, sum(sites[code].priority for code in codes), sorted(codes)

    able = [code for code in entries if sites[code].ships]
    for size in range(len(able) + 1):
        good = [
            codes
            for codes in combinations(able, size)
            if most_servable(demands, sellable, allowed_sets(demands, sites, {"ship": codes}))
            == units
        ]
        if good:
            break
    assert chosen_set(made) == set(min(good, key=score))
    assert chosen_set(made) == {code for code, e in entries.items() if e["chosen"]}
