"""Which fulfilments an actor may work on."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from core.access.principal import Principal
from orders.models import Fulfilment
from stores.queries.network import location_ids


def workable_fulfilments(principal: Principal) -> QuerySet[Fulfilment]:
    """Return fulfilments whose goods the principal may pick, pack and send: by their location."""
    rows = Fulfilment.objects.visible_to(principal)
    if principal.locations is None:
        return rows
    mine = location_ids(principal.locations)
    here = Q(source__isnull=True, location__in=mine)
    return rows.filter(here | Q(source__in=mine))


def counter_fulfilments(principal: Principal) -> QuerySet[Fulfilment]:
    """Return fulfilments whose goods the principal may hand over: by the pickup location."""
    rows = Fulfilment.objects.visible_to(principal)
    if principal.locations is None:
        return rows
    return rows.filter(location__in=location_ids(principal.locations))


def worked_at(location_id: int) -> Q:
    """Match the fulfilments whose goods are picked in a building."""
    return Q(source=location_id) | Q(source__isnull=True, location=location_id)


def seen_from(codes: Iterable[str]) -> Q:
    """Match what is picked or handed over at any of these locations, under way or done."""
    return Fulfilment.is_at(location_ids(codes))
