"""From one page of the pool to another, and finding SKUs as people name them."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.utils.safestring import SafeString

from inventory.models import Sku
from omniretail.admin_manners import link


def ledger(sku_id: int, location_id: int | None = None) -> SafeString:
    """Return the link to the movements of a SKU, at one location or everywhere."""
    query = {"sku__id__exact": sku_id}
    if location_id:
        query["location__id__exact"] = location_id
    return link("Ledger", "inventory_stockmovement", **query)


def skus_named(word: str) -> QuerySet[Sku]:
    """Return the SKU with this code, or that carries this barcode."""
    return Sku.objects.filter(
        Q(code=word) | Q(barcodes__code__in={word, word.replace(" ", "").zfill(14)})
    )
