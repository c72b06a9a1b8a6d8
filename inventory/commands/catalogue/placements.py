"""Recording which SKUs lie in which bins."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from core.access.principal import Principal
from core.audit.record import record
from inventory.errors import NotInBin
from inventory.models import Placement, Sku
from stores.models import Bin, Location


def replace_placements(*, location: Location, pairs: Iterable[tuple[int, int]]) -> bool:
    """Replace the placements of a location by these (sku_id, bin_id); return whether any changed.

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


def put_in_bin(*, location: Location, sku: Sku, bin: Bin, actor: Principal) -> None:
    """Add a bin to those in which a SKU lies; a repeat changes nothing."""
    with transaction.atomic():
        _lock(location)
        _, made = Placement.objects.get_or_create(sku=sku, bin=bin)
        if made:
            _note(location, "placement.added", sku, actor=actor, to=bin.code)


def take_from_bin(*, location: Location, sku: Sku, bin: Bin, actor: Principal) -> None:
    """Record that a SKU no longer lies in a bin, or raise `NotInBin`."""
    with transaction.atomic():
        _lock(location)
        _take(sku, bin)
        _note(location, "placement.removed", sku, actor=actor, away=bin.code)


def move_to_bin(
    *, location: Location, sku: Sku, from_bin: Bin, to_bin: Bin, actor: Principal
) -> None:
    """Move a SKU from one bin to another, or raise `NotInBin`.

    Open pick lists show the new bin, because they read placements when they are shown.
    """
    with transaction.atomic():
        _lock(location)
        _take(sku, from_bin)
        Placement.objects.get_or_create(sku=sku, bin=to_bin)
        _note(location, "placement.moved", sku, actor=actor, away=from_bin.code, to=to_bin.code)


def _lock(location: Location) -> None:
    """Serialise changes to the bins of one location."""
    location.refresh_from_db(from_queryset=Location.objects.select_for_update(no_key=True))


def _take(sku: Sku, bin: Bin) -> None:
    gone, _ = Placement.objects.filter(sku=sku, bin=bin).delete()
    if not gone:
        raise NotInBin(f"{sku.code} does not lie in {bin.code}.", sku=sku.code, bin=bin.code)


def _note(location: Location, action: str, sku: Sku, *, actor: Principal, **bins: Any) -> None:
    location.version += 1
    location.save(update_fields=["version"])
    record(actor=actor, action=action, subject=f"locations/{location.code}", sku=sku.code, **bins)
