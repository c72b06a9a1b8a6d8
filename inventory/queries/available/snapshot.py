"""The Stock rows of some SKUs as they are read to decide or to promise: one row a SKU.

20 figures each of 50 SKUs as arrays cost PostgreSQL and psycopg half of what they cost as a
thousand rows. Values that few rows have (levels, fences, stale holds) are apart, in arrays that are
mostly empty. Arrays come as text, and are read as JSON: psycopg's loaders, one made for each
column of each statement, took three times as long.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any, NamedTuple, TypeVar

import msgspec

from inventory.queries.available.kept_from_sale import EPOCH, FENCE_HOLDS, MOMENT, Resolver
from inventory.queries.sku_codes import named_skus
from inventory.rulebook import Kept

# `k`, `f` and `h`: the requested SKUs, their fences in force, their expired holds.
ASKED = f"""
k AS MATERIALIZED (
    SELECT id, code, category, abc_class FROM inventory_sku WHERE code = ANY(%b::text[])
), f AS (
    SELECT sku_id, array_agg(location_id)::text AS places, array_agg(channel_id)::text AS channels,
           array_agg(quantity)::text AS units,
           array_agg(coalesce((extract(epoch FROM until) * 1000000)::bigint, 0))::text AS ends
    FROM inventory_ringfence
    WHERE sku_id = ANY(ARRAY(SELECT id FROM k)) AND {FENCE_HOLDS} GROUP BY sku_id
), h AS (
    SELECT sku_id, array_agg(location_id)::text AS places, array_agg(quantity)::text AS units
    FROM inventory_reservation
    WHERE state = 'held' AND expires_at <= statement_timestamp()
      AND sku_id = ANY(ARRAY(SELECT id FROM k)) GROUP BY sku_id
)
"""
COLUMNS = f"""
    {MOMENT}, k.code, k.id, k.category, k.abc_class, s.*,
    f.places, f.channels, f.units, f.ends, h.places, h.units
"""
CODE_AT = 2  # the position of the SKU's code among them
JOINED = """
k
CROSS JOIN LATERAL (
    SELECT array_agg(location_id)::text, array_agg(on_hand - reserved - unavailable)::text,
           (array_agg(location_id) FILTER (WHERE safety_stock > 0))::text,
           (array_agg(safety_stock) FILTER (WHERE safety_stock > 0))::text
    FROM inventory_stock WHERE sku_id = k.id
) AS s
LEFT JOIN f ON f.sku_id = k.id
LEFT JOIN h ON h.sku_id = k.id
"""

R = TypeVar("R", bound=tuple[Any, ...])
Figures = str | None  # whole numbers as PostgreSQL writes an array, {1,2}; None: there are none
_decode = msgspec.json.Decoder(list[int]).decode


class SnapshotRow(NamedTuple):
    """One SKU as `COLUMNS` read it. `ends` are in microseconds since 1970; 0: for good."""

    revision: int
    microseconds: int
    code: str
    sku_id: int
    category: str
    abc_class: str
    places: Figures
    free: Figures
    levelled: Figures
    levels: Figures
    fenced: Figures
    channels: Figures
    fences: Figures
    ends: Figures
    held: Figures
    stale: Figures

    def unreserved(self) -> dict[int, int]:
        """Return by location id the units without a live reservation: those in expired carts
        count, though no sweep has ended them yet."""
        units = dict(pairs(self.places, self.free))
        for place, stale in pairs(self.held, self.stale):
            if place in units:
                units[place] += stale
        return units

    def kept(self, places: Collection[int], resolver: Resolver) -> dict[int, tuple[Kept, ...]]:
        """Return what is kept from sale at these locations, without those that keep nothing."""
        if not (self.levelled or self.fenced or resolver.may_touch(self.sku_id)):
            return {}
        own: dict[int, list[Kept]] = {}
        for place, level in pairs(self.levelled, self.levels):
            own.setdefault(place, []).append(Kept(level))
        fences = zip(*map(_read, (self.fenced, self.channels, self.fences, self.ends)), strict=True)
        for place, channel, units, end in fences:
            if place in places:
                until = EPOCH + timedelta(microseconds=end) if end else None
                own.setdefault(place, []).extend(resolver.fences([(channel, units, until)]))
        return resolver.kept_of_sku(self.sku_id, self.category, self.abc_class, places, own)


def read_rows(
    read: Callable[[list[str]], list[R]], codes: Iterable[str], *, code_at: int
) -> tuple[list[R], dict[str, str]]:
    """Read the rows of these SKU codes, one a SKU, and return how codes that the catalogue spells
    otherwise are written there.

    One statement where all are spelt as there; for others the spelling is looked up first.
    """
    asked = set(codes)
    rows = read(sorted(asked))
    if len(rows) == len(asked):
        return rows, {}
    unknown = asked - {row[code_at] for row in rows}
    spelt = {code: sku.code for code, sku in named_skus(unknown).items()}
    if spelt:
        rows = read(sorted((asked - unknown) | set(spelt.values())))
    return rows, spelt


def pairs(keys: Figures, values: Figures) -> Iterator[tuple[int, int]]:
    """Pair two arrays that were read side by side."""
    return zip(_read(keys), _read(values), strict=True) if keys else iter(())


def _read(figures: Figures) -> Sequence[int]:
    return _decode(f"[{figures[1:-1]}]") if figures else ()
