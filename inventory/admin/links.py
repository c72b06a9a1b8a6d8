"""Links between the pages of the pool, and finding SKUs by code or barcode."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.safestring import SafeString
from unfold.decorators import display

from core.admin.base import link, link_to
from inventory.models import Barcode, Sku
from inventory.queries.sku_codes import named_skus


def ledger(sku_id: int, location_id: int | None = None) -> SafeString:
    """Return the link to the movements of a SKU, at one location or everywhere."""
    query = {"sku__id__exact": sku_id}
    if location_id:
        query["location__id__exact"] = location_id
    return link("Ledger", "inventory_stockmovement", **query)


def skus_named(word: str) -> QuerySet[Sku]:
    """Return the SKUs with this code, in whatever spelling, or this barcode.

    Each by its own index: with one condition on both, PostgreSQL would read all SKUs.
    """
    codes = {word, word.replace(" ", "").zfill(14)}
    carrying = Barcode.objects.filter(code__in=codes).values_list("sku_id", flat=True)
    named = [sku.id for sku in named_skus([word]).values()]
    return Sku.objects.filter(pk__in=[*named, *carrying])


class OfSkuAtLocation:
    """Columns that name the SKU and the building by their codes."""

    @display(description="SKU", ordering="sku_id")
    def item(self, row: Any) -> SafeString | str:
        return link_to(row.sku)

    @display(description="Location", ordering="location_id")
    def place(self, row: Any) -> str:
        answer: str = row.location.code
        return answer
