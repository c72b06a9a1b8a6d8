"""Balances and the ledger as files: queries that PostgreSQL writes out as CSV itself."""

from __future__ import annotations

from typing import Any

from core.access.principal import Principal
from core.api.csv_export import text, timestamp
from inventory.queries.sku_codes import one_sku
from stores.models import Location

Export = tuple[str, dict[str, Any]]

_SEEN = """
    (%(seen)s::text[] IS NULL OR l.code = ANY(%(seen)s::text[]))
    AND (%(sku)s::text IS NULL OR k.code = %(sku)s)
    AND (%(location)s::text IS NULL OR l.code = %(location)s)
"""

# Units held by expired carts count as available, as on `GET /stock`.
_STOCK = f"""
SELECT {text("k.code")} AS sku, {text("k.name")} AS name, {text("l.code")} AS location, s.on_hand,
       s.reserved - stale.units AS reserved, s.unavailable,
       s.on_hand - (s.reserved - stale.units) - s.unavailable AS available, s.version
FROM inventory_stock s
JOIN inventory_sku k ON k.id = s.sku_id
JOIN stores_location l ON l.id = s.location_id
CROSS JOIN LATERAL (
    SELECT coalesce(sum(r.quantity), 0) AS units FROM inventory_reservation r
    WHERE r.sku_id = s.sku_id AND r.location_id = s.location_id
      AND r.state = 'held' AND r.expires_at <= statement_timestamp()) AS stale
WHERE {_SEEN}
ORDER BY s.sku_id, s.location_id
"""

_MOVEMENTS = f"""
SELECT m.id, {text("k.code")} AS sku, {text("l.code")} AS location, m.on_hand_delta,
       m.reserved_delta, m.unavailable_delta, m.on_hand_after, m.reserved_after,
       m.unavailable_after, m.reason,
       CASE WHEN r.is_read THEN {text("m.reference")} ELSE '' END AS reference,
       CASE WHEN r.is_read THEN {text("m.actor")} ELSE '' END AS actor,
       {timestamp("m.occurred_at")} AS occurred_at,
       {timestamp("m.recorded_at")} AS recorded_at
FROM inventory_stockmovement m
JOIN inventory_sku k ON k.id = m.sku_id
JOIN stores_location l ON l.id = m.location_id
CROSS JOIN LATERAL (SELECT {{readable}} AS is_read) AS r
WHERE m.id > %(after)s AND {_SEEN}
  AND (%(reference)s::text IS NULL OR m.reference = %(reference)s AND r.is_read)
ORDER BY m.id
"""


def stock_export(
    actor: Principal, *, sku: str | None = None, location: str | None = None
) -> Export:
    """Return the query of the balances that an actor may see."""
    seen = None if actor.is_staff else _seen(actor)
    return _STOCK, {"seen": seen, "sku": _spelt(sku), "location": location}


def movements_export(
    actor: Principal,
    *,
    after: int = 0,
    sku: str | None = None,
    location: str | None = None,
    reference: str | None = None,
    readable: str | None = None,
) -> Export:
    """Return the query of the movements that an actor may see, after a given id.

    `readable` is the query of the references that it may read; without it, all.
    """
    is_read = "true" if readable is None else f"m.reference IN ({readable})"
    return _MOVEMENTS.format(readable=is_read), {
        "after": after,
        "seen": _seen(actor),
        "sku": _spelt(sku),
        "location": location,
        "reference": reference,
    }


def _spelt(sku: str | None) -> str | None:
    found = one_sku(sku) if sku else None
    return found.code if found else sku


def _seen(actor: Principal) -> list[str] | None:
    if not actor.is_tied:
        return None
    return sorted(Location.objects.visible_to(actor).values_list("code", flat=True))
