"""Orders as a file, a line a row: a query that PostgreSQL writes out as CSV itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from core.access.principal import Principal
from core.api.csv_export import text, timestamp
from core.database.statements import written_out
from orders.models import Order

_ORDERS = f"""
SELECT {text("o.number")} AS number, {text("c.code")} AS channel,
       {text("o.external_id")} AS external_id, {timestamp("o.placed_at")} AS placed_at, o.currency,
       {text("n.line_id")} AS line_id, {text("k.code")} AS sku,
       trim_scale(n.unit_price) AS unit_price, n.fulfilment_type AS type,
       {text("l.code")} AS location, n.ordered, n.cancelled, n.reserved, n.backordered,
       n.fulfilled, n.returned
FROM orders_order o
JOIN orders_orderline n ON n.order_id = o.id
JOIN stores_channel c ON c.id = o.channel_id
JOIN inventory_sku k ON k.id = n.sku_id
LEFT JOIN stores_location l ON l.id = n.location_id
WHERE {{seen}}
  AND (%(channel)s::text IS NULL OR c.code = %(channel)s)
  AND (%(placed_after)s::timestamptz IS NULL OR o.placed_at > %(placed_after)s)
ORDER BY o.id, n.id
"""


def orders_export(
    actor: Principal, *, placed_after: datetime | None = None, channel: str | None = None
) -> tuple[str, dict[str, Any]]:
    """Return the query of the order lines that an actor may see."""
    seen = "true"
    if actor.is_tied:
        seen = f"o.id IN ({written_out(Order.objects.visible_to(actor).values('pk'), of='bigint')})"
    return _ORDERS.format(seen=seen), {
        "channel": channel,
        "placed_after": placed_after,
    }
