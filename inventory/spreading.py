"""Choosing locations for a cart: the fewest, then by priority, then by code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

MOST_TOGETHER = 3  # larger sets of locations are chosen greedily
MOST_LOOKS = 20_000  # locations x SKUs tried in search of the smallest set


@dataclass(frozen=True, slots=True)
class Want:
    """Units of one SKU; `location` where the cart names one."""

    sku: str
    quantity: int
    location: str | None = None


@dataclass(frozen=True, slots=True)
class Portion:
    """Units of one SKU from one location."""

    sku: str
    location: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Shortage:
    """A want that cannot be met; `available` is all that could be had for it."""

    sku: str
    requested: int
    available: int
    location: str | None = None


@dataclass(frozen=True, slots=True)
class Spread:
    """Where the units come from, or what is short."""

    portions: tuple[Portion, ...] = ()
    shortages: tuple[Shortage, ...] = ()


def spread(
    wants: Sequence[Want],
    *,
    sellable: Mapping[str, Mapping[str, int]],
    priorities: Mapping[str, int],
) -> Spread:
    """Choose locations for all wants, or return the shortages.

    `sellable` is units by SKU by location code, above zero; `priorities` ranks the locations,
    lowest first. Wants of one SKU and location are summed. Locations that the cart names
    serve its other lines too where they can, so that fewer take part.
    """
    left = {sku: dict(units) for sku, units in sellable.items()}
    fixed: dict[tuple[str, str], int] = {}
    free: dict[str, int] = {}
    for want in wants:
        if want.location is None:
            free[want.sku] = free.get(want.sku, 0) + want.quantity
        else:
            key = (want.sku, want.location)
            fixed[key] = fixed.get(key, 0) + want.quantity
    shortages = [
        Shortage(sku, wanted, left.get(sku, {}).get(location, 0), location)
        for (sku, location), wanted in fixed.items()
        if left.get(sku, {}).get(location, 0) < wanted
    ]
    if not shortages:
        for (sku, location), wanted in fixed.items():
            left[sku][location] -= wanted
        shortages = [
            Shortage(sku, wanted, total)
            for sku, wanted in free.items()
            if (total := sum(left.get(sku, {}).values())) < wanted
        ]
    if shortages:
        return Spread(shortages=tuple(shortages))
    ranked = sorted(
        {location for sku in free for location, units in left[sku].items() if units > 0},
        key=lambda location: (priorities[location], location),
    )
    used = sorted({location for _, location in fixed}, key=lambda code: (priorities[code], code))
    chosen = _smallest_set(free, left, ranked, used)
    portions = [Portion(sku, location, units) for (sku, location), units in fixed.items()]
    portions += _take(free, left, [*used, *chosen])
    return Spread(portions=_merged(portions))


def _smallest_set(
    needs: Mapping[str, int],
    left: Mapping[str, Mapping[str, int]],
    ranked: Sequence[str],
    used: Sequence[str],
) -> Sequence[str]:
    """Return the fewest further locations that, with those used anyway, meet all needs."""
    further = [location for location in ranked if location not in used]
    looks = 0
    for size in range(MOST_TOGETHER + 1):
        for candidate in combinations(further, size):
            looks += len(needs)
            if not _still_missing(needs, left, [*used, *candidate]):
                return candidate
            if looks > MOST_LOOKS:
                return _greedy_set(needs, left, further, used)
    return _greedy_set(needs, left, further, used)


def _greedy_set(
    needs: Mapping[str, int],
    left: Mapping[str, Mapping[str, int]],
    further: Sequence[str],
    used: Sequence[str],
) -> list[str]:
    """Repeatedly take the location that covers most of the rest."""
    rank = {location: position for position, location in enumerate(further)}
    chosen: list[str] = []
    missing = _still_missing(needs, left, used)
    while missing:
        gains: dict[str, int] = {}
        for sku, units in missing.items():
            for location, there in left[sku].items():
                if location in rank:
                    gains[location] = gains.get(location, 0) + min(units, there)
        best = max(gains, key=lambda location: (gains[location], -rank[location]))
        chosen.append(best)
        del rank[best]
        missing = _still_missing(missing, left, [best])
    return sorted(chosen, key=further.index)


def _still_missing(
    needs: Mapping[str, int], left: Mapping[str, Mapping[str, int]], places: Sequence[str]
) -> dict[str, int]:
    after = {
        sku: wanted - sum(left[sku].get(location, 0) for location in places)
        for sku, wanted in needs.items()
    }
    return {sku: units for sku, units in after.items() if units > 0}


def _take(
    needs: Mapping[str, int], left: Mapping[str, Mapping[str, int]], places: Sequence[str]
) -> list[Portion]:
    portions = []
    for sku, wanted in needs.items():
        # One chosen location that has all units is preferred to a split.
        alone = [place for place in places if left[sku].get(place, 0) >= wanted][:1]
        for location in alone or places:
            units = min(wanted, left[sku].get(location, 0))
            if units > 0:
                portions.append(Portion(sku, location, units))
                wanted -= units
    return portions


def _merged(portions: Iterable[Portion]) -> tuple[Portion, ...]:
    sums: dict[tuple[str, str], int] = {}
    for portion in portions:
        key = (portion.sku, portion.location)
        sums[key] = sums.get(key, 0) + portion.quantity
    return tuple(Portion(sku, location, units) for (sku, location), units in sums.items())
