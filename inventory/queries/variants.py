"""The variants of a product, in the order in which its retailer shows them."""

from __future__ import annotations

from typing import Any

from inventory.models import Product, Sku


def size_of(sku: Sku) -> str | None:
    """Return the size of a variant: its attribute of that name, in whatever case."""
    for name, value in sku.attributes.items():
        if name.casefold() == "size" and isinstance(value, (str, int, float)):
            return str(value)
    return None


def variants_of(product: Product) -> list[Sku]:
    """Return the variants by their size's place in the size guide; others after them, as made.

    A size guide has a member for each size, or `rows` that begin with the size.
    """
    guide: dict[str, Any] = product.size_guide or {}
    rows = guide.get("rows")
    if isinstance(rows, list):
        sizes = [str(row[0]) for row in rows if isinstance(row, list) and row]
    else:
        sizes = list(guide)
    place = {size.casefold(): index for index, size in enumerate(sizes)}
    skus = product.skus.order_by("pk")
    return sorted(skus, key=lambda sku: place.get((size_of(sku) or "").casefold(), len(place)))
