"""Units by condition, computed from the ledger."""

from __future__ import annotations

from collections.abc import Collection

from django.db import connection
from django.db.models import QuerySet

from core.access.principal import Principal
from core.access.visibility import through
from inventory.choices import Condition
from inventory.conditions import Kept, read_conditions
from inventory.models import Stock

Pair = tuple[int, int]  # (sku_id, location_id)

_SUMS = """
SELECT m.sku_id, m.location_id, m.reason, sum(m.unavailable_delta)::bigint
FROM unnest(%(sku)s::bigint[], %(location)s::bigint[]) AS pair(sku_id, location_id)
JOIN inventory_stockmovement m USING (sku_id, location_id)
WHERE m.unavailable_delta <> 0
GROUP BY m.sku_id, m.location_id, m.reason, m.unavailable_delta > 0
"""


def conditions_of(pairs: Collection[Pair]) -> dict[Pair, Kept]:
    """Return the units in each condition of each of these rows, in one statement.

    Under the lock of the rows they add up to `unavailable`. Reads every movement of
    `unavailable` that a row ever had, and no other, through a partial index.
    """
    sums: dict[Pair, list[tuple[str, int]]] = {pair: [] for pair in pairs}
    if not sums:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            _SUMS, {"sku": [sku for sku, _ in sums], "location": [place for _, place in sums]}
        )
        for sku_id, location_id, reason, units in cursor.fetchall():
            sums[sku_id, location_id].append((reason, units))
    return {pair: read_conditions(found) for pair, found in sums.items()}


def rows_kept_apart(actor: Principal) -> QuerySet[Stock]:
    """Return the Stock rows that have units which may not be sold."""
    rows = Stock.objects.filter(unavailable__gt=0).select_related("sku", "location")
    return rows.filter(through("location", Stock, actor))


def conditions_in_words(kept: Kept) -> str:
    """Describe units by condition: "3 damaged, 1 missing"."""
    return ", ".join(
        f"{units} {Condition(condition).label.lower()}"
        for condition, units in kept.items()
        if units
    )
