"""Looking up the SKUs of body lines, by SKU code or by barcode."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.access.principal import Principal
from core.problems.catalogue import DomainError, ValidationFailed
from inventory.queries.lookup import Found, Pointed, look_up
from inventory.queries.scan import find_all_scanned
from inventory.queries.sku_codes import SkuName


@dataclass(frozen=True, slots=True)
class LineSkus:
    """The rows that a body's codes name; `skus` are the SKUs of its lines, in their order."""

    found: Found
    skus: Sequence[SkuName]

    @property
    def sku_ids(self) -> list[int]:
        return [sku.id for sku in self.skus]


def find_line_skus(
    lines: Sequence[Mapping[str, Any]], *, locations: Pointed, actor: Principal
) -> LineSkus:
    """Find the SKUs of `lines`, each of which has a `sku` or a `barcode`, and the locations.

    Raises `ValidationFailed` naming every unknown or misread code at its pointer.
    """
    scanned = find_all_scanned({line["barcode"] for line in lines if "barcode" in line})
    named: dict[str, str] = {}
    errors = []
    for index, line in enumerate(lines):
        if "sku" in line:
            named[f"/lines/{index}/sku"] = line["sku"]
            continue
        meant = scanned[line["barcode"]]
        if isinstance(meant, DomainError):
            pointer = f"/lines/{index}/barcode"
            errors.append({"pointer": pointer, "detail": meant.detail, "code": meant.code})
        else:
            named[f"/lines/{index}/barcode"] = meant.sku
    try:
        found = look_up(actor=actor, skus=named, locations=locations)
    except ValidationFailed as unknown:
        raise ValidationFailed([*unknown.data["errors"], *errors]) from unknown
    if errors:
        raise ValidationFailed(errors)
    return LineSkus(found, [found.skus[code] for code in named.values()])
