"""Saying which SKUs lie in which bins."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from inventory.models import Placement
from stores.models import Location


def replace_placements(*, location: Location, pairs: Iterable[tuple[int, int]]) -> bool:
    """Make the placements of a location these (sku_id, bin_id); return whether any changed.

    Runs under the lock of the location's row, after its bins were replaced.
    """
    wanted = set(pairs)
    rows = Placement.objects.filter(bin__location=location)
    there = {(sku, shelf): pk for sku, shelf, pk in rows.values_list("sku_id", "bin_id", "pk")}
    gone = [pk for pair, pk in there.items() if pair not in wanted]
    new = sorted(wanted - there.keys())
    with transaction.atomic():
        Placement.objects.filter(pk__in=gone).delete()
        Placement.objects.bulk_create([Placement(sku_id=sku, bin_id=shelf) for sku, shelf in new])
    return bool(gone or new)
