"""The layouts of buildings, and where their bins are."""

from __future__ import annotations

from collections.abc import Collection

from stores.models import Bin, BuildingLayout
from stores.walks.layout import Layout, Spot


def layouts_of(location_ids: Collection[int]) -> dict[int, Layout]:
    """Return the layout of each location (by id) that has one."""
    found = BuildingLayout.objects.filter(location__in=location_ids)
    return {each.location_id: each.measures for each in found}


def spots_of(location_id: int, codes: Collection[str]) -> dict[str, Spot]:
    """Return where the bins with these codes are; a bin without a spot is left out."""
    found = Bin.objects.filter(location=location_id, code__in=codes, aisle__isnull=False)
    return {each.code: spot for each in found if (spot := spot_of(each))}


def spot_of(place: Bin) -> Spot | None:
    if place.aisle is None or place.metres is None:
        return None
    return Spot(place.aisle, place.metres)
