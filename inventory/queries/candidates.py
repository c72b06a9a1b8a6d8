"""What each location could still promise of some SKUs, for one channel: one statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from inventory.keeping import Kept
from inventory.queries.kept import FENCE_HOLDS, FENCES, KEPT_COLUMNS, Resolver
from omniretail.statements import run

Pair = tuple[int, int]  # (sku_id, location_id)
FENCED_MOST = 2_000_000_000  # what the guard's integer takes: no location has more to sell

# Fences and stale holds are gathered once for all SKUs: few rows have any, and to look for them
# row by row took longer than to read the rows.
_READ = f"""
WITH k AS MATERIALIZED (
    SELECT id, code, category, abc_class FROM inventory_sku WHERE code = ANY(%s::text[])
), f AS (
    {FENCES} WHERE sku_id = ANY(ARRAY(SELECT id FROM k)) AND {FENCE_HOLDS}
    GROUP BY sku_id, location_id
), h AS (
    SELECT sku_id, location_id, sum(quantity)::int AS units FROM inventory_reservation
    WHERE state = 'held' AND expires_at <= statement_timestamp()
      AND sku_id = ANY(ARRAY(SELECT id FROM k))
    GROUP BY sku_id, location_id
)
SELECT k.code, k.id, k.category, k.abc_class, s.location_id,
       s.on_hand - s.reserved - s.unavailable + coalesce(h.units, 0), coalesce(h.units, 0),
       {KEPT_COLUMNS}
FROM k
LEFT JOIN inventory_stock s ON s.sku_id = k.id
LEFT JOIN f ON f.sku_id = s.sku_id AND f.location_id = s.location_id
LEFT JOIN h ON h.sku_id = s.sku_id AND h.location_id = s.location_id
"""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One Stock row seen by one channel. Units; `sellable` may be below zero.

    `fenced` is what the claim's guard must leave beyond the row's own safety stock: what is kept
    for other channels, and what a rule keeps safe above the row's own level. `stale` is held by
    carts whose time is over but which no sweep has ended yet: it counts as sellable. `kept` is
    all that is kept here, for whom and by which rule.
    """

    sku_id: int
    location_id: int
    sellable: int
    fenced: int
    stale: int
    kept: tuple[Kept, ...] = ()


@dataclass(frozen=True, slots=True)
class Shelf:
    """The candidates of the asked SKUs; an unknown SKU is missing from `sku_ids`."""

    sku_ids: dict[str, int]
    candidates: dict[int, list[Candidate]]  # by SKU id

    @property
    def has_stale_holds(self) -> bool:
        return any(row.stale for rows in self.candidates.values() for row in rows)


def read_shelf(
    *, skus: Sequence[str], channel_id: int, entitled: Mapping[Pair, int] | None = None
) -> Shelf:
    """Read every Stock row of these SKU codes as this channel sees it.

    `entitled` are units that the asker held until this transaction and that nobody could take
    since: they stay its own, whatever has been fenced or kept safe after they were promised.
    """
    rows = run(_READ, [list(skus)])
    shelf = Shelf({}, {})
    if not rows:
        return shelf
    resolver = Resolver(*rows[0][7:9])
    channel = resolver.code_of(channel_id)
    for code, sku_id, category, abc_class, location_id, free, stale, _, _, own, *fences in rows:
        shelf.sku_ids[code] = sku_id
        candidates = shelf.candidates.setdefault(sku_id, [])
        if location_id is not None:
            kept = resolver.kept(sku_id, category, abc_class, location_id, own, *fences)
            keeps = 0
            for level in kept:
                if level.channel is None or level.channel != channel:
                    keeps += level.quantity
            if entitled and (mine := entitled.get((sku_id, location_id))):
                keeps = min(keeps, free - mine)
            fenced = min(keeps - own, FENCED_MOST)
            candidates.append(Candidate(sku_id, location_id, free - keeps, fenced, stale, kept))
    return shelf
