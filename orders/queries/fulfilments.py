"""Which fulfilments an actor may see, and which it may work on."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from core.access.principal import Principal
from orders.models import Fulfilment
from orders.models.fulfilment import FINISHED, UNFINISHED
from stores.queries.network import location_ids


def visible_fulfilments(principal: Principal) -> QuerySet[Fulfilment]:
    """Return the fulfilments at the principal's locations, of its channels' orders.

    One whose goods come from another building is seen by both.
    """
    rows = _of_channels(principal)
    if principal.locations is None:
        return rows
    return rows.filter(seen_from(principal.locations))


def workable_fulfilments(principal: Principal) -> QuerySet[Fulfilment]:
    """Return fulfilments whose goods the principal may pick, pack and send: by their location."""
    rows = _of_channels(principal)
    if principal.locations is None:
        return rows
    mine = location_ids(principal.locations)
    here = Q(source__isnull=True, location__in=mine)
    return rows.filter(here | Q(source__in=mine))


def counter_fulfilments(principal: Principal) -> QuerySet[Fulfilment]:
    """Return fulfilments whose goods the principal may hand over: by the pickup location."""
    rows = _of_channels(principal)
    if principal.locations is None:
        return rows
    return rows.filter(location__in=location_ids(principal.locations))


def worked_at(location_id: int) -> Q:
    """Match the fulfilments whose goods are picked in a building."""
    return Q(source=location_id) | Q(source__isnull=True, location=location_id)


def seen_from(codes: Iterable[str]) -> Q:
    """Match what is picked or handed over at any of these locations, under way or done.

    All states are named, because those under way are in one index by
    location, those done in another, and PostgreSQL finds neither otherwise.
    """
    ids = location_ids(codes)
    return (
        Q(location__in=ids, state__in=UNFINISHED)
        | Q(location__in=ids, state__in=FINISHED)
        | Q(source__in=ids, state__in=UNFINISHED)
        | Q(source__in=ids, state__in=FINISHED)
    )


def _of_channels(principal: Principal) -> QuerySet[Fulfilment]:
    rows = Fulfilment.objects.all()
    if principal.channels is None:
        return rows
    return rows.filter(order__channel__code__in=list(principal.channels))
