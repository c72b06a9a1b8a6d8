"""When rows were last counted."""

from __future__ import annotations

from collections.abc import Collection

from inventory.models import LastCount


def last_counts(pairs: Collection[tuple[int, int]]) -> dict[tuple[int, int], LastCount]:
    """Return the last count of each of these (sku_id, location_id) rows that has been counted."""
    rows = LastCount.objects.filter(
        sku__in={sku for sku, _ in pairs}, location__in={place for _, place in pairs}
    )
    wanted = set(pairs)
    return {pair: row for row in rows if (pair := (row.sku_id, row.location_id)) in wanted}
