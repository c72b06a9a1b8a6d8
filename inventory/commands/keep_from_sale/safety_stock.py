"""Safety stock: units kept from sale, for walk-ins and against counting errors."""

from __future__ import annotations

from collections.abc import Sequence

from core.access.principal import Principal
from core.audit.record import record
from inventory import ledger
from inventory.queries.lookup import Spot


def keep_safe(*, levels: Sequence[tuple[Spot, int]], actor: Principal) -> None:
    """Set how many units of each SKU at each location no channel may promise."""
    record(
        actor=actor,
        action="safety_stock.set",
        subject="stock",
        lines=[
            {"sku": spot.sku, "location": spot.location, "safety_stock": units}
            for spot, units in levels
        ],
    )
    ledger.set_safety_stock([(*spot.pair, units) for spot, units in levels], actor=actor.name)
