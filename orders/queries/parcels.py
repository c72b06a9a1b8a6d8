"""Parcels of a place: what is picked and waits for its box, for its carrier, for its customer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum

from core.access.principal import Principal
from orders.choices import FulfilmentState
from orders.models import Fulfilment, FulfilmentLine
from orders.queries.fulfilments import counter_fulfilments, workable_fulfilments, worked_at
from stores.models import Location

SHOWN = 100  # of each kind


@dataclass(frozen=True, slots=True)
class Parcels:
    """The parcels of a place, the most urgent first; each with `units`."""

    to_pack: list[Fulfilment]
    to_ship: list[Fulfilment]
    ready: list[Fulfilment]
    expired: int  # of those that are ready, at the time that was asked


def parcels_at(location: Location, *, actor: Principal, at: datetime) -> Parcels:
    here = workable_fulfilments(actor).filter(worked_at(location.pk))
    unpicked = FulfilmentLine.objects.filter(fulfilment=OuterRef("pk"), picked__lt=F("quantity"))
    ready = counter_fulfilments(actor).filter(location=location, state=FulfilmentState.READY)
    return Parcels(
        to_pack=_rows(here.filter(~Exists(unpicked), state=FulfilmentState.PICKING)),
        to_ship=_rows(here.filter(state=FulfilmentState.PACKED)),
        ready=_rows(ready.order_by(F("pickup_expires_at").asc(nulls_last=True), "pk")),
        expired=ready.filter(pickup_expires_at__lt=at).count(),
    )


def _rows(rows: QuerySet[Fulfilment]) -> list[Fulfilment]:
    ordered = rows if rows.query.order_by else rows.order_by("pk")
    counted = ordered.annotate(units=Sum("lines__quantity"))
    return list(counted.select_related("order__customer", "location")[:SHOWN])


def find_parcel(code: str, *, actor: Principal) -> Fulfilment | None:
    """Return a parcel that the actor works on, or hands over; None for any other."""
    mine = Q(pk__in=workable_fulfilments(actor).filter(code=code).values("pk"))
    mine |= Q(pk__in=counter_fulfilments(actor).filter(code=code).values("pk"))
    return (
        Fulfilment.objects.filter(mine, code=code)
        .select_related("order__customer", "order__channel", "location", "source")
        .first()
    )


def waiting_with(parcel: Fulfilment, *, actor: Principal) -> list[Fulfilment]:
    """Return all parcels that wait for the same customer at the same place, this one among them."""
    order = parcel.order
    same = Q(order=order)
    if order.customer_id is not None:
        same |= Q(order__customer=order.customer_id)
    rows = counter_fulfilments(actor).filter(
        same, location=parcel.location_id, state=FulfilmentState.READY
    )
    return _rows(rows.order_by("pk"))


def contents_of(parcel: Fulfilment) -> list[FulfilmentLine]:
    """Return the lines of a parcel with their goods."""
    rows = FulfilmentLine.objects.filter(fulfilment=parcel).select_related("order_line__sku")
    return list(rows.order_by("order_line__line_id", "pk"))
