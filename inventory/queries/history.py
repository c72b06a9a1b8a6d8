"""The ledger read back: what moved."""

from __future__ import annotations

from django.db.models import QuerySet

from inventory.models import StockMovement
from omniretail.access.principal import Principal


def visible_movements(
    actor: Principal,
    *,
    sku: str | None = None,
    location: str | None = None,
    reference: str | None = None,
    after: int | None = None,
) -> QuerySet[StockMovement]:
    """Return movements with SKU and location; `after` is the id of the last one seen."""
    rows = StockMovement.objects.select_related("sku", "location")
    if actor.locations is not None:
        rows = rows.filter(location__code__in=actor.locations)
    wanted = {
        "sku__code": sku,
        "location__code": location,
        "reference": reference,
        "id__gt": after,
    }
    return rows.filter(**{name: value for name, value in wanted.items() if value is not None})
