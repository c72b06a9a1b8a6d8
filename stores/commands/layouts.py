"""Saying how a building's aisles run and where its bins are."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.db import transaction

from core.access.principal import Principal
from core.audit.record import record
from stores.models import Bin, BuildingLayout, Location
from stores.queries.layouts import spot_of
from stores.walks.layout import Layout, Spot


def put_layout(
    *,
    location: Location,
    layout: Layout | None,
    spots: Mapping[int, Spot],
    actor: Principal,
    expect: Callable[[int | None], None] = lambda version: None,
) -> Location:
    """Replace the layout of a building (None: it has none) and the spots of its bins, by their ids.

    Bins that are not named have no spot afterwards. The location comes back locked; what changes
    nothing keeps its version. `expect` is called with that version and raises to refuse.
    """
    with transaction.atomic():
        location.refresh_from_db(from_queryset=Location.objects.select_for_update(no_key=True))
        expect(location.version)
        before = BuildingLayout.objects.filter(location=location).first()
        bins = list(location.bins.all())
        moved = [each for each in bins if spot_of(each) != spots.get(each.pk)]
        if not moved and (before.measures if before else None) == layout:
            return location
        for each in moved:
            each.aisle, each.metres = spots.get(each.pk, (None, None))
        Bin.objects.bulk_update(moved, ["aisle", "metres"], batch_size=1_000)
        if layout is None:
            BuildingLayout.objects.filter(location=location).delete()
        else:
            BuildingLayout.objects.update_or_create(
                location=location,
                defaults={
                    "aisle_length": layout.aisle_length,
                    "aisle_gap": layout.aisle_gap,
                    "middle": layout.middle,
                    "start_aisle": layout.start_aisle,
                },
            )
        location.version += 1
        location.save(update_fields=["version"])
        record(
            actor=actor,
            action="location.layout_replaced" if layout else "location.layout_removed",
            subject=f"locations/{location.code}",
            bins=len(spots),
        )
    return location
