"""Putting SKUs into the catalogue, with their products and barcodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F

from core.access.principal import Principal
from core.audit.record import record
from core.database.fields import same_document
from inventory.barcodes import BarcodeRefused, stored_form
from inventory.errors import BadCheckDigit, BarcodeTaken, DamagedBarcode, SkuCodeTaken
from inventory.models import Barcode, Product, Sku
from inventory.queries.sku_codes import one_sku


class Kept:
    """The value of a size guide that was not given: the product keeps the one it has."""


KEPT = Kept()


@dataclass(frozen=True, slots=True)
class SkuFacts:
    """The values of a SKU. `product` is a code, the weight is in grams.

    The size guide belongs to the product and so to all its variants. Each barcode comes with the
    units that it stands for; None leaves those of a barcode that the SKU has, else it is one.
    """

    name: str
    product: str | None = None
    category: str | None = None
    abc_class: str | None = None
    attributes: dict[str, Any] = field(default_factory=dict)
    barcodes: Sequence[tuple[str, int | None]] = ()
    price: Decimal | None = None
    weight_g: int | None = None
    size_guide: dict[str, Any] | Kept | None = KEPT


def put_sku(
    *,
    code: str,
    facts: SkuFacts,
    actor: Principal,
    expect: Callable[[int | None], None] = lambda version: None,
) -> tuple[Sku, bool]:
    """Create a SKU, or replace its values; return it and whether it is new.

    `expect` is called with the version found (None: new) under the row's lock and raises to refuse.
    A replacement that changes nothing keeps the version. Raises `BadCheckDigit`,
    `DamagedBarcode`, `BarcodeTaken`, and `SkuCodeTaken` for a new code that names a SKU.
    """
    barcodes = with_units(facts.barcodes)
    with transaction.atomic():
        # Before the SKU: a new size guide touches all variants, and two of them must not wait
        # for each other.
        product = _lock_product(facts.product)
        columns = {
            "name": facts.name,
            "product": product,
            "category": facts.category or "",
            "abc_class": facts.abc_class or "",
            "attributes": facts.attributes,
            "price": facts.price,
            "weight_g": facts.weight_g,
        }
        rows = Sku.objects.select_for_update(of=("self",), no_key=True)
        try:
            sku, created = rows.get_or_create(code=code, defaults=columns)
        except IntegrityError as error:
            if taken := taken_by(code):
                raise code_taken(code, taken) from error
            raise
        expect(None if created else sku.version)
        changed = [
            name for name, value in columns.items() if not same_document(getattr(sku, name), value)
        ]
        if _replace_barcodes(sku, barcodes):
            changed.append("barcodes")
        if product and _replace_size_guide(product, facts.size_guide, shown_by=sku):
            changed.append("size_guide")
        if changed and not created:
            for name, value in columns.items():
                setattr(sku, name, value)
            sku.version += 1
            sku.save()
        if created or changed:
            record(
                actor=actor,
                action="sku.created" if created else "sku.changed",
                subject=f"skus/{code}",
                changed=changed,
            )
    return sku, created


def taken_by(code: str) -> str | None:
    """Return the code of the SKU that a code in another spelling names already."""
    found = one_sku(code)
    return found.code if found and found.code != code else None


def code_taken(code: str, existing: str) -> SkuCodeTaken:
    return SkuCodeTaken(f"The code {code} is the same as {existing}, which exists.", sku=existing)


def as_kept(barcodes: Sequence[str]) -> list[str]:
    """Return barcodes in their stored form: GTINs as 14 digits, in-house codes as printed.

    Raises `BadCheckDigit` for a number of a GTIN's length that is none, `DamagedBarcode` for what
    spreadsheets and forms leave of a code.
    """
    return list(with_units([(barcode, None) for barcode in barcodes]))


def with_units(barcodes: Sequence[tuple[str, int | None]]) -> dict[str, int | None]:
    """Return barcodes in their stored form with the units given for each, sorted.

    Raises as `as_kept`, and `DamagedBarcode` for one that is given twice with different units.
    """
    kept: dict[str, int | None] = {}
    for index, (barcode, units) in enumerate(barcodes):
        data = {"barcode": barcode, "pointer": f"/barcodes/{index}"}
        try:
            form = stored_form(barcode)
        except BarcodeRefused as error:
            if error.reason == "bad_check_digit":
                raise BadCheckDigit(error.detail, **data) from error
            raise DamagedBarcode(error.detail, reason=error.reason, **data) from error
        before = kept.get(form)
        if None not in (before, units) and before != units:
            raise DamagedBarcode(
                f"The barcode stands for {before} units and for {units}: for one of them only.",
                reason="different_units",
                **data,
            )
        kept[form] = before if units is None else units
    return dict(sorted(kept.items()))


def _lock_product(code: str | None) -> Product | None:
    if code is None:
        return None
    return Product.objects.select_for_update(no_key=True).get_or_create(code=code)[0]


def _replace_size_guide(
    product: Product, size_guide: dict[str, Any] | Kept | None, *, shown_by: Sku
) -> bool:
    if isinstance(size_guide, Kept) or same_document(product.size_guide, size_guide):
        return False
    product.size_guide = size_guide
    product.save(update_fields=["size_guide"])
    # The other variants show it too, so their versions change.
    product.skus.exclude(pk=shown_by.pk).update(version=F("version") + 1)
    return True


def _replace_barcodes(sku: Sku, wanted: Mapping[str, int | None]) -> bool:
    """Replace the barcodes of a SKU; return whether that changed any."""
    found = Barcode.objects.filter(code__in=wanted).select_related("sku").order_by("code")
    owned = {barcode.code: barcode for barcode in found}
    taken = {code: row.sku.code for code, row in owned.items() if row.sku_id != sku.pk}
    if taken:
        raise _taken(taken)
    removed, _ = sku.barcodes.exclude(code__in=wanted).delete()
    changed = []
    for code, row in owned.items():
        units = wanted[code]
        if units is not None and row.units != units:
            row.units = units
            changed.append(row)
    Barcode.objects.bulk_update(changed, ["units"])
    new = [code for code in wanted if code not in owned]
    try:
        with transaction.atomic():
            Barcode.objects.bulk_create(
                [Barcode(code=code, sku=sku, units=wanted[code] or 1) for code in new]
            )
    except IntegrityError as error:
        # Another SKU took one between the check and the insert.
        raise _taken(
            dict(Barcode.objects.filter(code__in=new).values_list("code", "sku__code"))
        ) from error
    return bool(removed or changed or new)


def _taken(owners: dict[str, str]) -> BarcodeTaken:
    barcode, owner = next(iter(owners.items()))
    return BarcodeTaken(
        f"The barcode {barcode} belongs to the SKU {owner}.",
        barcodes=[{"barcode": barcode, "sku": owner} for barcode, owner in owners.items()],
    )
