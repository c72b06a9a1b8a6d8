"""Units of some SKUs that each location can still promise to one channel, in one statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.database.statements import run
from inventory.queries.available.kept_from_sale import Resolver
from inventory.queries.available.snapshot import ASKED, COLUMNS, JOINED, SnapshotRow, pairs

Pair = tuple[int, int]  # (sku_id, location_id)
FENCED_MOST = 2_000_000_000  # the range of the column: no location has more to sell

_READ = f"WITH {ASKED} SELECT {COLUMNS} FROM {JOINED}"


@dataclass(frozen=True, slots=True)
class SellableSnapshot:
    """Units that a channel may still promise, by SKU; an unknown SKU is missing everywhere.

    `sellable` is in units by SKU id and location id, and may be below zero. `fenced` is what the
    check of a reservation must leave beyond the row's own safety stock, where that is anything:
    what is kept for other channels, and what a rule keeps safe above the row's own level.
    """

    sku_ids: dict[str, int]
    sellable: dict[int, dict[int, int]]
    fenced: dict[Pair, int]
    # Whether some units are held by expired carts that no sweep has ended yet.
    has_stale_holds: bool = False


def read_sellable(
    *, skus: Sequence[str], channel_id: int, entitled: Mapping[Pair, int] | None = None
) -> SellableSnapshot:
    """Read the units of these SKU codes that this channel may promise, by location.

    `entitled` are units that the buyer's cart held until this transaction, or until just now: those
    that no other buyer has taken since are available to it, even if they were fenced or kept as
    safety stock meanwhile.
    """
    rows = [SnapshotRow(*row) for row in run(_READ, [list(skus)])]
    if not rows:
        return SellableSnapshot({}, {}, {})
    snapshot = SellableSnapshot({}, {}, {}, has_stale_holds=any(row.stale for row in rows))
    resolver = Resolver(*rows[0][:2])
    for row in rows:
        sku_id = row.sku_id
        free = row.unreserved()
        snapshot.sku_ids[row.code], snapshot.sellable[sku_id] = sku_id, free
        own = dict(pairs(row.levelled, row.levels))
        for place, levels in row.kept(free, resolver).items():
            keeps = resolver.keeps(levels, channel_id)
            if entitled and (mine := entitled.get((sku_id, place))):
                keeps = min(keeps, max(0, free[place] - mine))
            free[place] -= keeps
            snapshot.fenced[sku_id, place] = min(keeps - own.get(place, 0), FENCED_MOST)
    return snapshot
