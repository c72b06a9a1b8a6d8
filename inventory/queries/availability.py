"""What a channel may still promise of some SKUs, by location: read at once, taken line by line."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from inventory.keeping import Kept
from inventory.queries.candidates import read_shelf
from inventory.queries.stock import read_incoming


@dataclass(slots=True)
class Pool:
    """Units that may be promised by SKU code and location id, and units on the way by SKU code.

    `units` names only locations that have some, of those asked about; `elsewhere` the same of
    all others. `kept` is what is kept from sale, and why. SKUs that nobody knows are in none of
    them.
    """

    units: dict[str, dict[int, int]]
    kept: dict[str, dict[int, tuple[Kept, ...]]]
    incoming: dict[str, int]
    elsewhere: dict[str, dict[int, int]]

    def take(self, sku: str, quantity: int) -> None:
        """Set units aside, so that a second line of the SKU does not count on them too.

        They come from where there are most, as one line would be served from one location.
        """
        shelf = self.units[sku]
        for location, units in sorted(shelf.items(), key=lambda item: (-item[1], item[0])):
            taken = min(units, quantity)
            quantity -= taken
            if taken == units:
                del shelf[location]
            else:
                shelf[location] = units - taken


def read_pool(*, skus: Sequence[str], channel_id: int, location_ids: Collection[int]) -> Pool:
    """Read what a channel may promise from these locations, in two statements for any number."""
    shelf = read_shelf(skus=sorted(set(skus)), channel_id=channel_id)
    units: dict[str, dict[int, int]] = {code: {} for code in shelf.sku_ids}
    elsewhere: dict[str, dict[int, int]] = {code: {} for code in shelf.sku_ids}
    for code, sku_id in shelf.sku_ids.items():
        for row in shelf.candidates.get(sku_id, ()):
            if row.sellable > 0:
                side = units if row.location_id in location_ids else elsewhere
                side[code][row.location_id] = row.sellable
    kept = {
        code: {row.location_id: row.kept for row in shelf.candidates.get(sku_id, ())}
        for code, sku_id in shelf.sku_ids.items()
    }
    incoming: Mapping[int, int] = read_incoming(
        sku_ids=list(shelf.sku_ids.values()), location_ids=location_ids
    )
    on_the_way = {code: incoming.get(sku_id, 0) for code, sku_id in shelf.sku_ids.items()}
    return Pool(units, kept, on_the_way, elsewhere)
