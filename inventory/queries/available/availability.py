"""Units that a channel may still promise, by SKU and location: read once, taken line by line."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from core.database.statements import run
from inventory.queries.available.kept_from_sale import Resolver
from inventory.queries.available.snapshot import (
    ASKED,
    CODE_AT,
    COLUMNS,
    JOINED,
    SnapshotRow,
    pairs,
    read_rows,
)
from inventory.queries.stock import COMING
from inventory.rulebook import Kept
from stores.queries.network import Network, current_network, network_at

_READ = f"""
WITH {ASKED}, c AS (
    SELECT sku_id, array_agg(location_id)::text AS places, array_agg(units)::text AS units
    FROM ({COMING}) AS coming
    WHERE sku_id = ANY(ARRAY(SELECT id FROM k)) AND for_stock GROUP BY sku_id
)
SELECT {COLUMNS}, c.places, c.units FROM {JOINED} LEFT JOIN c ON c.sku_id = k.id
"""


@dataclass(slots=True)
class Pool:
    """Units that may be promised by SKU code and location id, and units on the way by SKU code.

    `units` has only locations with some, of those requested; `elsewhere` the same of
    all others. `kept` is what is kept from sale, and why, where anything is. Unknown SKUs
    are in none of them.
    """

    units: dict[str, dict[int, int]]
    kept: dict[str, dict[int, tuple[Kept, ...]]]
    incoming: dict[str, int]
    elsewhere: dict[str, dict[int, int]]

    def take(self, sku: str, quantity: int) -> None:
        """Deduct units, so that a second line of the SKU does not count on them too.

        They come from the location with most units, as one line is served from one location.
        """
        left = self.units[sku] = dict(self.units[sku])  # the first line's answer stays
        for location, units in sorted(left.items(), key=lambda item: (-item[1], item[0])):
            taken = min(units, quantity)
            quantity -= taken
            if taken == units:
                del left[location]
            else:
                left[location] = units - taken


class AvailabilitySnapshot:
    """The availability of some SKUs read at one time, for any channel."""

    def __init__(
        self, rows: Sequence[tuple[SnapshotRow, dict[int, int]]], spelt: dict[str, str]
    ) -> None:
        self._rows = rows
        self.spelt = spelt  # codes that were asked in another spelling than the catalogue's
        self.sku_ids = {row.code: row.sku_id for row, _ in rows}

    @property
    def network(self) -> Network:
        """The network at that time; as it is now when no SKU is known."""
        return network_at(self._rows[0][0].revision) if self._rows else current_network()

    def seen_by(self, *, channel_id: int, location_ids: Collection[int]) -> Pool:
        """Return what a channel may promise from these locations."""
        pool = Pool({}, {}, {}, {})
        if not self._rows:
            return pool
        resolver = Resolver(*self._rows[0][0][:2])
        asked = frozenset(location_ids)
        for row, coming in self._rows:
            free = row.unreserved()
            kept = row.kept(free, resolver)
            for place, levels in kept.items():
                free[place] -= resolver.keeps(levels, channel_id)
            some = free
            if min(free.values(), default=1) <= 0:
                some = {place: units for place, units in free.items() if units > 0}
            here = some if asked >= some.keys() else _of(some, some.keys() & asked)
            pool.units[row.code], pool.kept[row.code] = here, kept
            pool.elsewhere[row.code] = {} if here is some else _of(some, some.keys() - asked)
            pool.incoming[row.code] = sum(
                units for place, units in coming.items() if place in asked
            )
        return pool


def read_snapshot(skus: Iterable[str]) -> AvailabilitySnapshot:
    """Read every Stock row of these SKU codes, in one statement however many; in three where the
    catalogue spells some otherwise."""
    rows, spelt = read_rows(lambda codes: run(_READ, [codes]), skus, code_at=CODE_AT)
    return AvailabilitySnapshot(
        [(SnapshotRow(*row), dict(pairs(awaiting, coming))) for *row, awaiting, coming in rows],
        spelt,
    )


def _of(units: dict[int, int], places: Collection[int]) -> dict[int, int]:
    return {place: units[place] for place in places}
