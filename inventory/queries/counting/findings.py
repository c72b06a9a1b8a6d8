"""Comparing absolute figures with the record at the time at which each was taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from inventory.models import Stock
from inventory.queries.counting.since import Pair, Since, movements_since
from inventory.queries.lookup import Spot


@dataclass(frozen=True, slots=True)
class Counted:
    """Units counted of one SKU at one location at the time `at` (None: now).

    `expected` is the figure in the sender's own record.
    """

    spot: Spot
    on_hand: int
    expected: int | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of comparing a figure: `recorded` is what the ledger had at its time.

    `on_hand` is what it has now, and `variance` by how much that is to be put right.
    `superseded`: a later count replaces this one. `began` is when the first movement of the row
    happened, None where that is not known or the figure has no time.
    """

    counted: Counted
    on_hand: int
    recorded: int
    variance: int
    superseded: bool
    began: datetime | None = None

    @property
    def too_early(self) -> bool:
        """Whether the figure is from before the first record, so that nothing explains it."""
        return bool(self.began and self.counted.at and self.counted.at < self.began)


def compare(counts: Sequence[Counted], on_hand: Mapping[Pair, int]) -> list[Finding]:
    """Compare figures with the rows' present `on_hand`, less later movements.

    To change stock by the result, hold the locks of the rows and read `on_hand` under them.
    """
    since = movements_since({item.spot.pair: item.at for item in counts if item.at})
    return [_find(item, on_hand.get(item.spot.pair, 0), since) for item in counts]


def look(counts: Sequence[Counted]) -> list[Finding]:
    """Compare figures with the present record, without locks."""
    skus = {item.spot.sku_id for item in counts}
    places = {item.spot.location_id for item in counts}
    rows = Stock.objects.filter(sku__in=skus, location__in=places)
    return compare(
        counts,
        {
            (sku, place): units
            for sku, place, units in rows.values_list("sku_id", "location_id", "on_hand")
        },
    )


def _find(item: Counted, on_hand: int, since: Mapping[Pair, Since]) -> Finding:
    later = since.get(item.spot.pair, Since())
    # More may have left since than was counted: then the stock is zero now, not negative.
    now = max(0, item.on_hand + later.on_hand)
    return Finding(
        counted=item,
        on_hand=on_hand,
        recorded=on_hand - later.on_hand,
        variance=0 if later.counted else now - on_hand,
        superseded=later.counted,
        began=later.began,
    )
