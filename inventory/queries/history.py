"""The ledger read back: what moved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import BigIntegerField, Func, QuerySet, Value

from inventory.models import Stock, StockMovement
from omniretail.access.principal import Principal

Among = Callable[[int, int], QuerySet[Any, Any]]


def visible_movements(
    actor: Principal,
    *,
    sku: str | None = None,
    location: str | None = None,
    reference: str | None = None,
    after: int | None = None,
) -> tuple[QuerySet[StockMovement], Among | None]:
    """Return movements with SKU and location; `after` is the id of the last one seen.

    Those of a SKU are not narrowed down to it: the second value returns the ids of the oldest of
    them, told the last one seen and how many are wanted.
    """
    place: dict[str, Any] = {"sku__code": sku, "location__code": location}
    place = {name: code for name, code in place.items() if code is not None}
    if actor.locations is not None:
        place["location__code__in"] = actor.locations
    rows = StockMovement.objects.select_related("sku", "location")
    if after is not None:
        rows = rows.filter(id__gt=after)
    if reference is not None:
        rows = rows.filter(reference=reference)
    elif sku is not None:
        shelves = Stock.objects.filter(**place)
        return rows, lambda edge, count: _oldest_of(shelves, max(edge, after or 0), count)
    return rows.filter(**place), None


def _oldest_of(shelves: QuerySet[Stock], after: int, count: int) -> QuerySet[Any, Any]:
    """Return the ids of the oldest movements on a few shelves.

    The index has movements shelf by shelf, so only a shelf's are read in their order; the oldest
    of each are few, however long the history. Sorting all took 680 ms for a SKU that had moved
    300,000 times, where this takes 1.4.
    """
    oldest = _NextMovements("sku", "location", Value(after), Value(count))
    return shelves.annotate(oldest=oldest).order_by("oldest").values_list("oldest")[:count]


class _NextMovements(Func):
    function = "inventory_next_movements"
    output_field = BigIntegerField()
    set_returning = True
