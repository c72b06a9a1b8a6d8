"""Looking up the SKUs of body lines, by SKU code or by barcode."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.access.principal import Principal
from core.api.fields import MAX_QUANTITY
from core.problems.catalogue import DomainError, ValidationFailed
from inventory.queries.barcode_owners import ScannedSku
from inventory.queries.lookup import Found, Pointed, look_up
from inventory.queries.scan import find_all_scanned
from inventory.queries.sku_codes import SkuName


@dataclass(frozen=True, slots=True)
class LineSkus:
    """The rows that a body's codes name. Of its lines, in their order: the SKUs, the units, and
    what their labels say (None: named by its SKU)."""

    found: Found
    skus: Sequence[SkuName]
    units: Sequence[int]
    labels: Sequence[ScannedSku | None]

    @property
    def sku_ids(self) -> list[int]:
        return [sku.id for sku in self.skus]

    @property
    def labelled(self) -> list[tuple[int, ScannedSku, int]]:
        """The lines that were read: the SKU's id, what the label says, and the units."""
        lines = zip(self.sku_ids, self.labels, self.units, strict=True)
        return [(sku_id, said, units) for sku_id, said, units in lines if said]


def find_line_skus(
    lines: Sequence[Mapping[str, Any]], *, locations: Pointed, actor: Principal
) -> LineSkus:
    """Find the SKUs of `lines`, each of which has a `sku` or a `barcode`, and the locations.

    Of a barcode, the line's `quantity` says how often it is there: a case is all that is in it.

    Raises `ValidationFailed` naming every unknown or misread code at its pointer.
    """
    scanned = find_all_scanned({line["barcode"] for line in lines if "barcode" in line})
    named: dict[str, str] = {}
    labels: list[ScannedSku | None] = []
    units: list[int] = []
    errors = []
    for index, line in enumerate(lines):
        if "sku" in line:
            named[f"/lines/{index}/sku"] = line["sku"]
            labels.append(None)
            units.append(line["quantity"])
            continue
        meant = scanned[line["barcode"]]
        if isinstance(meant, DomainError):
            pointer = f"/lines/{index}/barcode"
            errors.append({"pointer": pointer, "detail": meant.detail, "code": meant.code})
            continue
        named[f"/lines/{index}/barcode"] = meant.sku
        labels.append(meant)
        units.append(line["quantity"] * meant.units)
        if units[-1] > MAX_QUANTITY:
            errors.append(too_many_units(f"/lines/{index}/quantity", units[-1]))
    try:
        found = look_up(actor=actor, skus=named, locations=locations)
    except ValidationFailed as unknown:
        raise ValidationFailed([*unknown.data["errors"], *errors]) from unknown
    if errors:
        raise ValidationFailed(errors)
    return LineSkus(found, [found.skus[code] for code in named.values()], units, labels)


def too_many_units(pointer: str, units: int) -> dict[str, str]:
    """Return the error of a number of cases that comes to more units than a line may have."""
    return {
        "pointer": pointer,
        "detail": f"These are {units:,} units; a line has at most {MAX_QUANTITY:,}.",
        "code": "max_value",
    }
