"""What each location has of each SKU, and what is on the way to it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db import connection
from django.db.models import F, IntegerField, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, Now

from inventory.choices import ReservationState, TransferState
from inventory.models import Reservation, Stock, TransferLine
from omniretail.access.principal import Principal


def visible_stock(
    actor: Principal, *, sku: str | None = None, location: str | None = None
) -> QuerySet[Stock]:
    """Return Stock rows with two figures beside the balances.

    `incoming`: units dispatched to the location that have neither arrived nor got lost.
    `stale`: units of `reserved` held by carts whose time is over, which no sweep has ended yet:
    they are nobody's any more, and whoever shows the row counts them as available.
    """
    arriving = _units_here(
        TransferLine.objects.filter(
            transfer__destination=OuterRef("location"),
            transfer__state=TransferState.IN_TRANSIT,
        ),
        F("quantity") - F("received") - F("lost"),
    )
    stale = _units_here(
        Reservation.objects.filter(
            location=OuterRef("location"), state=ReservationState.HELD, expires_at__lte=Now()
        ),
        F("quantity"),
    )
    rows = Stock.objects.select_related("sku", "location").annotate(incoming=arriving, stale=stale)
    if actor.locations is not None:
        rows = rows.filter(location__code__in=actor.locations)
    if sku is not None:
        rows = rows.filter(sku__code=sku)
    if location is not None:
        rows = rows.filter(location__code=location)
    return rows


def _units_here(rows: QuerySet[Any], units: Any) -> Coalesce:
    """Sum the units of rows of the outer row's SKU."""
    summed = rows.filter(sku=OuterRef("sku")).order_by().values("sku").annotate(units=Sum(units))
    return Coalesce(Subquery(summed.values("units"), output_field=IntegerField()), 0)


def read_incoming(*, sku_ids: Collection[int], location_ids: Collection[int]) -> dict[int, int]:
    """Return the units on the way to these locations by SKU id, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT l.sku_id, sum(l.quantity - l.received - l.lost)::int
               FROM inventory_transferline l JOIN inventory_transfer t ON t.id = l.transfer_id
               WHERE t.state = %s AND l.sku_id = ANY(%s::bigint[])
                 AND t.destination_id = ANY(%s::bigint[])
               GROUP BY l.sku_id""",
            [TransferState.IN_TRANSIT, list(sku_ids), list(location_ids)],
        )
        return dict(cursor.fetchall())
