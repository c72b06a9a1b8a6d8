"""What each location has of each SKU, and what is on the way to it."""

from __future__ import annotations

from django.db.models import BigIntegerField, QuerySet
from django.db.models.expressions import RawSQL

from inventory.choices import AWAITED, TransferState
from inventory.models import Stock
from omniretail.access.principal import Principal
from stores.queries.network import location_ids

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

# Figures of one Stock row. As SQL: of expressions of the ORM, which writes them anew for every
# request, they were half of what a page of stock cost.
_INCOMING = f"""
    SELECT coalesce(sum(c.units), 0)::bigint FROM ({COMING}) AS c
    WHERE c.sku_id = inventory_stock.sku_id AND c.location_id = inventory_stock.location_id
"""
_STALE = """
    SELECT coalesce(sum(r.quantity), 0)::bigint FROM inventory_reservation r
    WHERE r.sku_id = inventory_stock.sku_id AND r.location_id = inventory_stock.location_id
      AND r.state = 'held' AND r.expires_at <= statement_timestamp()
"""


def visible_stock(
    actor: Principal, *, sku: str | None = None, location: str | None = None
) -> QuerySet[Stock]:
    """Return Stock rows with two figures beside the balances.

    `incoming`: units dispatched to the location that have neither arrived nor got lost, and
    those that suppliers have announced and not brought.
    `stale`: units of `reserved` held by carts whose time is over, which no sweep has ended yet:
    they are nobody's any more, and whoever shows the row counts them as available.
    """
    rows = Stock.objects.select_related("sku", "location").annotate(
        incoming=RawSQL(_INCOMING, (), output_field=BigIntegerField()),
        stale=RawSQL(_STALE, (), output_field=BigIntegerField()),
    )
    if actor.locations is not None:
        rows = rows.filter(location__in=location_ids(actor.locations))
    if sku is not None:
        rows = rows.filter(sku__code=sku)
    if location is not None:
        rows = rows.filter(location__in=location_ids([location]))
    return rows
