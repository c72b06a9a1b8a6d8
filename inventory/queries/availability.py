"""What a channel may still promise of some SKUs, by location: read at once, taken line by line."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from inventory.keeping import Kept
from inventory.queries.kept import FENCE_HOLDS, MOMENT, Resolver
from inventory.queries.stock import COMING
from omniretail.statements import run

# One row a SKU: 20 figures each of 50 SKUs as arrays cost PostgreSQL and psycopg half of what they
# cost as a thousand rows. What few rows have (levels, fences, stale holds, goods on their way)
# stands apart, in arrays that are mostly empty.
_READ = f"""
WITH k AS MATERIALIZED (
    SELECT id, code, category, abc_class FROM inventory_sku WHERE code = ANY(%s::text[])
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
), c AS (
    SELECT sku_id, array_agg(location_id) AS places, array_agg(units) AS units
    FROM ({COMING}) AS coming
    WHERE sku_id = ANY(ARRAY(SELECT id FROM k)) AND for_anybody GROUP BY sku_id
)
SELECT {MOMENT}, k.code, k.id, k.category, k.abc_class, s.*,
       f.places, f.channels, f.units, f.ends, h.places, h.units, c.places, c.units
FROM k
CROSS JOIN LATERAL (
    SELECT array_agg(location_id), array_agg(on_hand - reserved - unavailable),
           array_agg(location_id) FILTER (WHERE safety_stock > 0),
           array_agg(safety_stock) FILTER (WHERE safety_stock > 0)
    FROM inventory_stock WHERE sku_id = k.id
) AS s
LEFT JOIN f ON f.sku_id = k.id
LEFT JOIN h ON h.sku_id = k.id
LEFT JOIN c ON c.sku_id = k.id
"""


class _Row(NamedTuple):
    """One SKU as it was read; None for an empty list."""

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
    awaiting: Sequence[int] | None
    coming: Sequence[int] | None


@dataclass(slots=True)
class Pool:
    """Units that may be promised by SKU code and location id, and units on the way by SKU code.

    `units` names only locations that have some, of those asked about; `elsewhere` the same of
    all others. `kept` is what is kept from sale, and why, where anything is. SKUs that nobody
    knows are in none of them.
    """

    units: dict[str, dict[int, int]]
    kept: dict[str, dict[int, tuple[Kept, ...]]]
    incoming: dict[str, int]
    elsewhere: dict[str, dict[int, int]]

    def take(self, sku: str, quantity: int) -> None:
        """Set units aside, so that a second line of the SKU does not count on them too.

        They come from where there are most, as one line would be served from one location.
        """
        shelf = self.units[sku] = dict(self.units[sku])  # the first line's answer stays
        for location, units in sorted(shelf.items(), key=lambda item: (-item[1], item[0])):
            taken = min(units, quantity)
            quantity -= taken
            if taken == units:
                del shelf[location]
            else:
                shelf[location] = units - taken


class Shelves:
    """All that was read of some SKUs at one moment, before anybody is named who looks at it."""

    def __init__(self, rows: Sequence[_Row]) -> None:
        self._rows = rows
        self.skus = {row.code for row in rows}

    @property
    def revision(self) -> int:
        """The revision of the network at that moment; 0 when no SKU is known."""
        return self._rows[0].revision if self._rows else 0

    def seen_by(self, *, channel_id: int, location_ids: Collection[int]) -> Pool:
        """Return what a channel may promise from these locations."""
        pool = Pool({}, {}, {}, {})
        if not self._rows:
            return pool
        resolver = Resolver(*self._rows[0][:2])
        asked = frozenset(location_ids)
        for row in self._rows:
            free = dict(_pairs(row.places, row.free))
            for place, units in _pairs(row.held, row.stale):
                if place in free:
                    free[place] += units
            kept = {}
            if row.levelled or row.fenced or resolver.may_touch(row.sku_id):
                kept = _kept(row, free, resolver)
                for place, levels in kept.items():
                    free[place] -= resolver.keeps(levels, channel_id)
            some = {place: units for place, units in free.items() if units > 0}
            here = some if asked >= some.keys() else _of(some, some.keys() & asked)
            pool.units[row.code], pool.kept[row.code] = here, kept
            pool.elsewhere[row.code] = {} if here is some else _of(some, some.keys() - asked)
            pool.incoming[row.code] = sum(
                units for place, units in _pairs(row.awaiting, row.coming) if place in asked
            )
        return pool


def read_shelves(skus: Iterable[str]) -> Shelves:
    """Read every Stock row of these SKU codes, in one statement however many."""
    return Shelves([_Row(*row) for row in run(_READ, [sorted(set(skus))])])


def _kept(row: _Row, free: Collection[int], resolver: Resolver) -> dict[int, tuple[Kept, ...]]:
    own: dict[int, list[Kept]] = {}
    for place, level in _pairs(row.levelled, row.levels):
        own.setdefault(place, []).append(Kept(level))
    if row.fenced and row.channels and row.fences and row.ends:
        for place, *fence in zip(row.fenced, row.channels, row.fences, row.ends, strict=True):
            if place in free:
                own.setdefault(place, []).extend(resolver.fences([fence]))
    return resolver.kept_of_sku(row.sku_id, row.category, row.abc_class, free, own)


def _pairs(
    keys: Sequence[int] | None, values: Sequence[int] | None
) -> Iterator[tuple[int, int]] | tuple[()]:
    return zip(keys, values, strict=True) if keys and values else ()


def _of(units: dict[int, int], places: Collection[int]) -> dict[int, int]:
    return {place: units[place] for place in places}
