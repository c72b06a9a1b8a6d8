"""What each location has of each SKU, and what is on the way to it."""

from __future__ import annotations

from typing import Any

from django.db.models import BigIntegerField, F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Cast, Coalesce, Now

from inventory.choices import AWAITED, ReservationState, TransferState
from inventory.models import ExpectedDeliveryLine, Reservation, Stock, TransferLine
from omniretail.access.principal import Principal


def visible_stock(
    actor: Principal, *, sku: str | None = None, location: str | None = None
) -> QuerySet[Stock]:
    """Return Stock rows with two figures beside the balances.

    `incoming`: units dispatched to the location that have neither arrived nor got lost, and
    those that suppliers have announced and not brought.
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
    announced = _units_here(
        ExpectedDeliveryLine.objects.filter(
            delivery__location=OuterRef("location"),
            delivery__state__in=AWAITED,
            expected__gt=F("received"),
        ),
        F("expected") - F("received"),
    )
    stale = _units_here(
        Reservation.objects.filter(
            location=OuterRef("location"), state=ReservationState.HELD, expires_at__lte=Now()
        ),
        F("quantity"),
    )
    rows = Stock.objects.select_related("sku", "location").annotate(
        incoming=arriving + announced, stale=stale
    )
    if actor.locations is not None:
        rows = rows.filter(location__code__in=actor.locations)
    if sku is not None:
        rows = rows.filter(sku__code=sku)
    if location is not None:
        rows = rows.filter(location__code=location)
    return rows


def _units_here(rows: QuerySet[Any], units: Any) -> Coalesce:
    """Sum the units of rows of the outer row's SKU."""
    # In bigint: a sum of wide columns would be a decimal number.
    total = Cast(Sum(units), BigIntegerField())
    summed = rows.filter(sku=OuterRef("sku")).order_by().values("sku").annotate(units=total)
    return Coalesce(Subquery(summed.values("units")), 0)


# Units on the way: SKU, location, units, and whether whoever asks may count on them. What travels
# to a customer who waits for it is for nobody else.
COMING = f"""
    SELECT l.sku_id, t.destination_id AS location_id,
           (l.quantity - l.received - l.lost)::bigint AS units, t.reference = '' AS for_anybody
    FROM inventory_transferline l JOIN inventory_transfer t ON t.id = l.transfer_id
    WHERE t.state = '{TransferState.IN_TRANSIT}'
    UNION ALL
    SELECT l.sku_id, d.location_id, (l.expected - l.received)::bigint, true
    FROM inventory_expecteddeliveryline l
    JOIN inventory_expecteddelivery d ON d.id = l.delivery_id
    WHERE d.state IN ({", ".join(f"'{state}'" for state in AWAITED)}) AND l.expected > l.received
"""
