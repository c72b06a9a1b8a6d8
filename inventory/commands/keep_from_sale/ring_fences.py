"""Ring fences: units kept for one channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from core.access.principal import Principal
from core.audit.record import record
from inventory.models import RingFence
from stores.models import Channel


@dataclass(frozen=True, slots=True)
class Fence:
    """Units of a SKU at a location for one channel only, permanently or until a time."""

    sku_id: int
    location_id: int
    quantity: int
    until: datetime | None = None


def replace_ring_fences(
    *, channel: Channel, fences: Sequence[Fence], actor: Principal
) -> frozenset[int]:
    """Replace the ring fences of a channel; return the ids of SKUs where that changed any.

    Runs under the lock of the channel's row. SKU and location must be distinct pairs.
    """
    there = {
        Fence(fence.sku_id, fence.location_id, fence.quantity, fence.until): fence.pk
        for fence in channel.ring_fences.all()
    }
    wanted = set(fences)
    gone = [pk for fence, pk in there.items() if fence not in wanted]
    touched = frozenset(fence.sku_id for fence in wanted ^ there.keys())
    new = sorted(wanted - there.keys(), key=lambda fence: (fence.sku_id, fence.location_id))
    if not touched:
        return touched
    with transaction.atomic():
        RingFence.objects.filter(pk__in=gone).delete()
        RingFence.objects.bulk_create(
            [
                RingFence(
                    channel=channel,
                    sku_id=fence.sku_id,
                    location_id=fence.location_id,
                    quantity=fence.quantity,
                    until=fence.until,
                )
                for fence in new
            ]
        )
        record(
            actor=actor,
            action="channel.ring_fences_replaced",
            subject=f"channels/{channel.code}",
            ring_fences=len(wanted),
        )
    return touched
