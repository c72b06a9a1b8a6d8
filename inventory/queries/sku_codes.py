"""Finding SKUs by their codes, however these are spelt."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from inventory.models import Sku
from inventory.sku_codes import sku_key


class SkuName(NamedTuple):
    """A SKU by its id, and its code as the retailer writes it."""

    id: int
    code: str


def named_skus(codes: Collection[str]) -> dict[str, SkuName]:
    """Return the SKU that each of these codes names, in one statement where all are spelt as the
    retailer does, else in two. Unknown codes are left out.

    A code that is spelt so comes first: from before they were refused, there may be two that
    differ only in spelling.
    """
    asked = {code for code in codes if "\x00" not in code}
    found = {
        code: SkuName(pk, code)
        for pk, code in Sku.objects.filter(code__in=asked).values_list("pk", "code")
    }
    if missing := {code: sku_key(code) for code in asked - found.keys()}:
        by_key = {
            key: SkuName(pk, code)
            for key, pk, code in Sku.objects.filter(key__in=set(missing.values())).values_list(
                "key", "pk", "code"
            )
        }
        found |= {code: by_key[key] for code, key in missing.items() if key in by_key}
    return found


def one_sku(code: str) -> SkuName | None:
    return named_skus([code]).get(code)
