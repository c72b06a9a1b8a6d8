"""Placements, in walking order."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db.models import CharField, F, QuerySet, Value
from django.db.models.functions import Cast, Concat, LPad

from inventory.models import Placement
from stores.models import Location

Turn = tuple[int, str]  # a bin's position in walking order, and its code

# Between the parts of a turn: no code holds a control character, so none is cut by it.
_BETWEEN = Value("\x1f")


def placements_at(location: Location) -> QuerySet[Placement]:
    """Return placements with SKU and bin; `turn` is a text that sorts as one walks."""
    walk = LPad(Cast(F("bin__walk"), CharField()), 10, Value("0"))
    return (
        Placement.objects.filter(bin__location=location)
        .select_related("sku", "bin")
        .annotate(turn=Concat(walk, _BETWEEN, F("bin__code"), _BETWEEN, F("sku__code")))
    )


def bins_of_skus(
    sku_ids: Iterable[int], *, location_ids: Collection[int]
) -> dict[tuple[int, int], list[Turn]]:
    """Return the bins of each (location_id, sku_id), in walking order."""
    bins: dict[tuple[int, int], list[Turn]] = {}
    for location_id, sku_id, walk, code in (
        Placement.objects.filter(sku__in=set(sku_ids), bin__location__in=location_ids)
        .order_by("bin__walk", "bin__code")
        .values_list("bin__location_id", "sku_id", "bin__walk", "bin__code")
    ):
        bins.setdefault((location_id, sku_id), []).append((walk, code))
    return bins
