"""How much there is to pick at a place, and whose lists are under way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Min, Q, QuerySet, Sum
from django.db.models.fields import DateTimeField
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce

from core.access.principal import Principal
from orders.choices import FulfilmentState, PickListState
from orders.models import Fulfilment, PickList
from orders.queries.fulfilments import workable_fulfilments, worked_at
from stores.models import Location

UNDER_WAY = (PickListState.OPEN, PickListState.IN_PROGRESS)


@dataclass(frozen=True, slots=True)
class WorkToPick:
    """Orders that no list has; `next_by` is the next promise that can still be kept."""

    orders: int
    late: int
    next_by: datetime | None


def open_work(location: Location, *, actor: Principal) -> QuerySet[Fulfilment]:
    """Return fulfilments to be picked at a place that no list has, with `due`: its promise."""
    promised = Coalesce(
        KeyTextTransform("ready_by", "promise"), KeyTextTransform("deliver_by", "promise")
    )
    return (
        workable_fulfilments(actor)
        .filter(worked_at(location.pk), state=FulfilmentState.OPEN)
        .annotate(due=Cast(promised, DateTimeField()))
    )


def work_to_pick(location: Location, *, actor: Principal, at: datetime) -> WorkToPick:
    counted = open_work(location, actor=actor).aggregate(
        orders=Count("order", distinct=True),
        late=Count("order", distinct=True, filter=Q(due__lt=at)),
        next_by=Min("due", filter=Q(due__gte=at)),
    )
    return WorkToPick(**counted)


def lists_of(location: Location, *, person: str, actor: Principal) -> QuerySet[PickList]:
    """Return the lists at a place that are this person's and not done, the oldest first."""
    rows = PickList.objects.visible_to(actor).filter(
        location=location, person=person, state__in=UNDER_WAY
    )
    return rows.order_by("pk")


def lists_to_take(location: Location, *, actor: Principal) -> QuerySet[PickList]:
    """Return the lists at a place that belong to no person yet, the oldest first."""
    return lists_of(location, person="", actor=actor)


def due_orders(location: Location, *, actor: Principal, limit: int) -> list[Fulfilment]:
    """Return the most urgent open fulfilments of a place, with `units` to pick."""
    return list(
        open_work(location, actor=actor)
        .select_related("order")
        .annotate(units=Sum("lines__quantity"))
        .order_by(F("due").asc(nulls_last=True), "id")[:limit]
    )
