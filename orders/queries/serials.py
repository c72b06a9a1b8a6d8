"""Which serial numbers are with an order, so that none goes out twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from django.db.models import F, Sum

from inventory.choices import LabelStep
from inventory.models import LabelRecord
from inventory.queries.labels import Serial, last_seen
from orders.models import Fulfilment, FulfilmentLine
from orders.models.fulfilment import CAME_TO_NOTHING

PREFIX = "fulfilments/"


def fulfilment_reference(code: str) -> str:
    return f"{PREFIX}{code}"


def orders_with_serials(serials: Collection[Serial]) -> dict[Serial, str]:
    """Return the numbers of the orders that have these serial numbers, picked and not come back.

    Where an order has given units back without saying which, none of its numbers is sure: they may
    be picked again.
    """
    picked = {
        serial: row
        for serial, row in last_seen(serials).items()
        if row.step == LabelStep.PICKED and row.reference.startswith(PREFIX)
    }
    if not picked:
        return {}
    references = {row.reference for row in picked.values()}
    units, orders = _units_out(references)
    known = _numbers_under(references)
    return {
        serial: orders[row.reference]
        for serial, row in picked.items()
        if known[row.reference, row.sku_id] <= units.get((row.reference, row.sku_id), 0)
    }


def _units_out(references: Collection[str]) -> tuple[dict[tuple[str, int], int], dict[str, str]]:
    """Return the picked units that are not returned, by reference and SKU; and order numbers."""
    codes = [reference.removeprefix(PREFIX) for reference in references]
    live = Fulfilment.objects.filter(code__in=codes).exclude(state__in=CAME_TO_NOTHING)
    orders = {
        fulfilment_reference(code): number
        for code, number in live.values_list("code", "order__number")
    }
    lines = (
        FulfilmentLine.objects.filter(fulfilment__in=live)
        .values("fulfilment__code", "order_line__sku")
        .annotate(out=Sum(F("picked") - F("order_line__returned")))
    )
    units = {
        (fulfilment_reference(row["fulfilment__code"]), row["order_line__sku"]): row["out"]
        for row in lines
    }
    return units, orders


def _numbers_under(references: Collection[str]) -> Counter[tuple[str, int]]:
    """Count the serial numbers that were last seen being picked under each reference, by SKU."""
    ever = LabelRecord.objects.filter(reference__in=references).exclude(serial="")
    serials = set(ever.values_list("sku_id", "serial"))
    return Counter(
        (row.reference, sku_id)
        for (sku_id, _), row in last_seen(serials).items()
        if row.step == LabelStep.PICKED
    )
