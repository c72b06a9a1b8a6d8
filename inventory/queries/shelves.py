"""The Stock rows of some SKUs as they are read to decide or to promise: one row a SKU.

20 figures each of 50 SKUs as arrays cost PostgreSQL and psycopg half of what they cost as a
thousand rows. What few rows have (levels, fences, stale holds) stands apart, in arrays that are
mostly empty.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

from inventory.keeping import Kept
from inventory.queries.kept import FENCE_HOLDS, MOMENT, Resolver

# `k`, `f` and `h`: the SKUs asked for, their fences that hold, their holds whose time is over.
ASKED = f"""
k AS MATERIALIZED (
    SELECT id, code, category, abc_class FROM inventory_sku WHERE code = ANY(%b::text[])
), f AS (
    SELECT sku_id, array_agg(location_id) AS places, array_agg(channel_id) AS channels,
           array_agg(quantity) AS units, array_agg(until) AS ends
    FROM inventory_ringfence
    WHERE sku_id = ANY(ARRAY(SELECT id FROM k)) AND {FENCE_HOLDS} GROUP BY sku_id
), h AS (
    SELECT sku_id, array_agg(location_id) AS places, array_agg(quantity) AS units
    FROM inventory_reservation
    WHERE state = 'held' AND expires_at <= statement_timestamp()
      AND sku_id = ANY(ARRAY(SELECT id FROM k)) GROUP BY sku_id
)
"""
COLUMNS = f"""
    {MOMENT}, k.code, k.id, k.category, k.abc_class, s.*,
    f.places, f.channels, f.units, f.ends, h.places, h.units
"""
JOINED = """
k
CROSS JOIN LATERAL (
    SELECT array_agg(location_id), array_agg(on_hand - reserved - unavailable),
           array_agg(location_id) FILTER (WHERE safety_stock > 0),
           array_agg(safety_stock) FILTER (WHERE safety_stock > 0)
    FROM inventory_stock WHERE sku_id = k.id
) AS s
LEFT JOIN f ON f.sku_id = k.id
LEFT JOIN h ON h.sku_id = k.id
"""


class ShelfRow(NamedTuple):
    """One SKU as `COLUMNS` read it; None for an empty list."""

    revision: int
    microseconds: int
    code: str
    sku_id: int
    category: str
    abc_class: str
    places: Sequence[int] | None
    free: Sequence[int] | None
    levelled: Sequence[int] | None
    levels: Sequence[int] | None
    fenced: Sequence[int] | None
    channels: Sequence[int] | None
    fences: Sequence[int] | None
    ends: Sequence[Any] | None
    held: Sequence[int] | None
    stale: Sequence[int] | None

    def unclaimed(self) -> dict[int, int]:
        """Return by location id the units that nobody has a live claim on: those in carts whose
        time is over count, though no sweep has ended them yet."""
        units = dict(pairs(self.places, self.free))
        for place, stale in pairs(self.held, self.stale):
            if place in units:
                units[place] += stale
        return units

    def kept(self, places: Collection[int], resolver: Resolver) -> dict[int, tuple[Kept, ...]]:
        """Return what is kept from sale at each of these locations, where anything is."""
        if not (self.levelled or self.fenced or resolver.may_touch(self.sku_id)):
            return {}
        own: dict[int, list[Kept]] = {}
        for place, level in pairs(self.levelled, self.levels):
            own.setdefault(place, []).append(Kept(level))
        if self.fenced and self.channels and self.fences and self.ends:
            for place, *fence in zip(
                self.fenced, self.channels, self.fences, self.ends, strict=True
            ):
                if place in places:
                    own.setdefault(place, []).extend(resolver.fences([fence]))
        return resolver.kept_of_sku(self.sku_id, self.category, self.abc_class, places, own)


def pairs(
    keys: Sequence[int] | None, values: Sequence[int] | None
) -> Iterator[tuple[int, int]] | tuple[()]:
    """Pair two arrays that were read side by side; none when they are empty."""
    return zip(keys, values, strict=True) if keys and values else ()
