"""Orders to source at random, and the plainest ways to say what sourcing could do with them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import strategies as st

from orders.sourcing import Demand, Policy, Site

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
    if demand.type == "carry_out":
        return code == demand.location
    if code not in sites:
        return False
    if demand.type == "pickup":
        shop = sites.get(demand.location or "")
        return shop is not None and shop.pickup and (code == shop.code or sites[code].ships)
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


def after_own_stock(
    demands: list[Demand],
    sellable: dict[str, dict[str, int]],
    sites: dict[str, Site],
    *,
    split: bool = True,
) -> tuple[list[Demand], dict[str, dict[str, int]]]:
    """What is left to ask and to give when tills and shops have taken from their own stock.

    Without `split` a shop takes only if it has everything for its pickups.
    """
    left = {sku: dict(held) for sku, held in sellable.items()}
    rest = {d.line_id: d.quantity for d in demands}

    def take(lines: list[Demand]) -> None:
        for d in lines:
            held = left.setdefault(d.sku, {})
            code = d.location or ""
            if d.type == "carry_out":
                held[code] = max(0, held.get(code, 0) - d.quantity)
                rest[d.line_id] = 0
            elif code in sites and sites[code].pickup:
                got = max(0, min(held.get(code, 0), rest[d.line_id]))
                if got:
                    held[code] -= got
                    rest[d.line_id] -= got

    take([d for d in demands if d.type == "carry_out"])
    for shop in {d.location for d in demands if d.type == "pickup"}:
        mine = [d for d in demands if d.type == "pickup" and d.location == shop]
        wanted = Counter[str]()
        for d in mine:
            wanted[d.sku] += d.quantity
        if split or all(left.get(sku, {}).get(shop or "", 0) >= n for sku, n in wanted.items()):
            take(mine)
    return [replace(d, quantity=rest[d.line_id]) for d in demands if rest[d.line_id]], left


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
