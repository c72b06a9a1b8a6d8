"""Laws of sourcing, over generated orders."""

from __future__ import annotations

from collections import Counter
from itertools import combinations, product

from hypothesis import given, settings
from hypothesis import strategies as st

from orders.sourcing import Demand, Plan, Policy, Site, plan

SITE_CODES = ["A", "B", "C", "D", "E"]
SKUS = ["TEA", "MUG", "TIN"]
degrees = st.integers(0, 8).map(float)

site_sets = st.fixed_dictionaries(
    {},
    optional={
        code: st.builds(
            Site,
            code=st.just(code),
            kind=st.just("store"),
            priority=st.integers(1, 3),
            latitude=degrees,
            longitude=st.none() | degrees,
            ships=st.sampled_from([True, True, True, False]),
            pickup=st.booleans(),
            same_day=st.booleans(),
        )
        for code in SITE_CODES
    },
)
stocks = st.fixed_dictionaries(
    {},
    optional={
        sku: st.dictionaries(st.sampled_from([*SITE_CODES, "OUTSIDE"]), st.integers(-1, 4))
        for sku in SKUS
    },
)
policies = st.builds(Policy, st.booleans(), st.booleans(), st.booleans())
destinations = st.none() | st.tuples(degrees, degrees)


def order_of(types: list[str]) -> st.SearchStrategy[list[Demand]]:
    line = st.tuples(
        st.sampled_from(SKUS),
        st.integers(1, 5),
        st.sampled_from(types),
        st.sampled_from(SITE_CODES),
    )
    return st.lists(line, min_size=1, max_size=4).map(
        lambda lines: [
            Demand(
                str(n), sku, units, type_, place if type_ in ("pickup", "carry_out") else None
            )
            for n, (sku, units, type_, place) in enumerate(lines)
        ]
    )  # fmt: skip


orders = order_of(["ship", "ship", "same_day", "pickup", "carry_out"])


def usable(demand: Demand, code: str, sites: dict[str, Site]) -> bool:
    if code not in sites:
        return False
    if demand.type in ("pickup", "carry_out"):
        return code == demand.location and (demand.type == "carry_out" or sites[code].pickup)
    return sites[code].ships if demand.type == "ship" else sites[code].same_day


def most_servable(
    demands: list[Demand], sellable: dict[str, dict[str, int]], allowed: list[set[str]]
) -> int:
    """The most units that can be given when line n may draw on `allowed[n]` (maximum flow by
    unit-wise augmenting paths, SKU by SKU: an oracle that shares nothing with the code)."""
    units = [
        (demand.sku, allowed[n]) for n, demand in enumerate(demands) for _ in range(demand.quantity)
    ]
    slots = [
        (sku, code) for sku, held in sellable.items() for code, n in held.items() for _ in range(n)
    ]
    taken_by: dict[int, int] = {}

    def place(unit: int, seen: set[int]) -> bool:
        sku, codes = units[unit]
        for slot, (slot_sku, code) in enumerate(slots):
            if slot_sku != sku or code not in codes or slot in seen:
                continue
            seen.add(slot)
            if slot not in taken_by or place(taken_by[slot], seen):
                taken_by[slot] = unit
                return True
        return False

    return sum(place(unit, set()) for unit in range(len(units)))


def allowed_sets(
    demands: list[Demand], sites: dict[str, Site], only: dict[str, tuple[str, ...]] | None = None
) -> list[set[str]]:
    """Where each line may draw from; `only` narrows ship and same_day lines to a chosen set."""
    allowed = []
    for demand in demands:
        codes = {code for code in sites if usable(demand, code, sites)}
        if only is not None and demand.type in only:
            codes &= set(only[demand.type])
        allowed.append(codes)
    return allowed


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
    got: Counter[str] = Counter()
    for allocation in made.allocations:
        demand = by_line[allocation.line_id]
        assert allocation.quantity > 0
        assert (allocation.sku, allocation.type) == (demand.sku, demand.type)
        assert usable(demand, allocation.location, sites)
        given_out[allocation.sku, allocation.location] += allocation.quantity
        got[allocation.line_id] += allocation.quantity
    for (sku, code), units in given_out.items():
        assert units <= sellable[sku][code]
    assert len({(a.line_id, a.location) for a in made.allocations}) == len(made.allocations)
    if made.refused:
        assert (made.allocations, made.backordered, made.unmet) == ((), {}, {})
        return
    for demand in demands:
        backordered = made.backordered.get(demand.line_id, 0)
        unmet = made.unmet.get(demand.line_id, 0)
        assert got[demand.line_id] + backordered + unmet == demand.quantity
        assert not unmet or (policy.allow_partial and not (backordered and unmet))
        assert not backordered or (policy.allow_backorder and demand.type != "carry_out")


@settings(deadline=None)
@given(orders, stocks, site_sets, destinations)
def test_with_split_an_order_is_refused_only_when_no_way_exists(
    demands: list[Demand],
    sellable: dict[str, dict[str, int]],
    sites: dict[str, Site],
    destination: tuple[float, float] | None,
) -> None:
    asked = sum(demand.quantity for demand in demands)
    possible = most_servable(demands, sellable, allowed_sets(demands, sites))
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
    asked = sum(demand.quantity for demand in demands)
    possible = any(
        most_servable(
            demands, sellable, allowed_sets(demands, sites, {"ship": (s,), "same_day": (d,)})
        )
        == asked
        for s, d in product(sites or ["none"], repeat=2)
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
    entries = {e["location"]: e for e in made.receipt["candidates"]}

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
