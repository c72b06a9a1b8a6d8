"""Choosing the lines of a count: by SKUs, by bins, or by what pickers missed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from inventory.models import Placement
from stores.models import Bin

LAST_TURN = 2_147_483_647  # SKUs without a bin come at the end of the walk


@dataclass(frozen=True, slots=True)
class ToCount:
    """A SKU to be counted in one bin, or in the whole location (no bin)."""

    sku_id: int
    bin: str = ""
    walk: int = LAST_TURN


def bins_named(codes: Collection[str], *, location_id: int) -> dict[str, Bin]:
    """Return those of these bins that the location has, by their codes."""
    rows = Bin.objects.filter(location=location_id, code__in=set(codes))
    return {shelf.code: shelf for shelf in rows}


def skus_in_bins(bins: Collection[Bin]) -> list[int]:
    """Return the ids of the SKUs that lie in any of these bins."""
    placed = Placement.objects.filter(bin__in=bins)
    return list(placed.values_list("sku_id", flat=True).distinct())


def lines_of_skus(sku_ids: Sequence[int], *, location_id: int) -> list[ToCount]:
    """Return one line for each bin that a SKU lies in, or one without a bin.

    All of its bins: a SKU has one figure for the whole building, so it is counted whole.
    """
    lines = [
        ToCount(sku_id, code, walk)
        for sku_id, code, walk in Placement.objects.filter(
            sku__in=sku_ids, bin__location=location_id
        ).values_list("sku_id", "bin__code", "bin__walk")
    ]
    placed = {line.sku_id for line in lines}
    return lines + [ToCount(sku_id) for sku_id in dict.fromkeys(sku_ids) if sku_id not in placed]
