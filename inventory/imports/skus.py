"""Files of SKUs: a SKU a row, checked as `PUT /skus/{sku}` checks it, written by the chunk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rest_framework import serializers

from core.imports.findings import Effect, RowError
from core.imports.kinds import Chunk, Kind, Progress
from core.imports.numbers import amount
from core.imports.rows import (
    ImportResult,
    Row,
    body_of,
    groups_of,
    prepare_rows,
    row_errors_of,
    whole_number,
)
from core.problems.catalogue import DomainError
from inventory.api.skus import SkuBody, new_sku_code, price_text
from inventory.barcodes import read_units
from inventory.commands.catalogue.catalogue import code_taken, with_units
from inventory.imports.barcodes import Tags, Units, read_tags, write_tags
from inventory.models import Product, Sku
from inventory.queries.sku_codes import named_skus
from inventory.sku_codes import sku_key

COLUMNS = ("name", "product", "category", "abc_class", "price", "weight_g")
WRITTEN = ("name", "product", "category", "abc_class", "price", "weight_g", "version")


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The values of a row: columns by name, and barcodes as they are stored (None: not given)."""

    row: Row
    code: str
    columns: Mapping[str, Any]
    barcodes: Units | None


def _apply(chunk: Chunk) -> Progress:
    rows = [row for (row,) in groups_of(chunk)]
    result = ImportResult()
    wanted = [each for each in (_read(row, result) for row in rows) if each]
    wanted = _refuse_taken(wanted, result)
    existing = {
        sku.code: sku
        for sku in Sku.objects.select_for_update()
        .filter(code__in=[each.code for each in wanted])
        .order_by("pk")
    }
    tags = read_tags(
        codes={code for each in wanted for code in each.barcodes or ()},
        sku_ids=[sku.pk for sku in existing.values()],
    )
    products = _products({each.columns.get("product") for each in wanted} - {None})
    new: list[Sku] = []
    changed: list[Sku] = []
    for each in wanted:
        sku = existing.get(each.code)
        before = _document(sku, tags) if sku else None
        if each.barcodes is not None:
            errors = tags.give(each.code, each.barcodes, line=each.row.line)
            if errors:
                result.refuse(errors, rows=1)
                continue
        sku = sku or Sku(code=each.code)
        _set(sku, each.columns, products)
        after = _document(sku, tags)
        if before == after:
            continue
        (changed if before else new).append(sku)
        result.changed += 1
        result.effects.append(Effect(each.row.line, f"skus/{each.code}", before, after))
    if not chunk.file.dry_run:
        _write(new, changed, products)
        write_tags(tags)
    return result.settle(chunk, done=len(rows))


def _read(row: Row, result: ImportResult) -> _Wanted | None:
    """Validate a row; None when it is invalid, which is recorded."""
    data: dict[str, Any] = {
        name: row.given(name) if name != "name" else row.cells[name]
        for name in COLUMNS
        if name in row.cells
    }
    if price := row.given("price"):
        data["price"] = amount(price)
    if weight := row.given("weight_g"):
        data["weight_g"] = whole_number(weight)
    if "barcodes" in row.cells:
        codes = [code.strip() for code in row.cells["barcodes"].split("|") if code.strip()]
        data["barcodes"] = [_case_or_code(*read_units(code)) for code in codes]
    try:
        code = new_sku_code(row.cells["sku"])
    except DomainError as error:
        result.refuse(list(row_errors_of(error, [row], column_at=lambda _: "sku")), rows=1)
        return None
    try:
        body = dict(body_of(SkuBody, data))
        barcodes = with_units(body.pop("barcodes")) if "barcodes" in body else None
    except (serializers.ValidationError, DomainError) as error:
        errors = row_errors_of(error, [row])
        result.refuse(list(errors), rows=1)
        return None
    return _Wanted(row, code, body, barcodes)


def _case_or_code(code: str, units: int | None) -> str | dict[str, Any]:
    return code if units is None else {"code": code, "units": units}


def _refuse_taken(wanted: Sequence[_Wanted], result: ImportResult) -> list[_Wanted]:
    """Refuse rows whose code is another SKU's in other characters: one that exists, or one of an
    earlier row."""
    existing = named_skus([each.code for each in wanted])
    first: dict[str, str] = {}
    kept = []
    for each in wanted:
        named, key = existing.get(each.code), sku_key(each.code)
        taken = named.code if named else first.setdefault(key, each.code)
        if taken == each.code:
            kept.append(each)
            continue
        refusal = code_taken(each.code, taken)
        error = RowError(each.row.line, "sku", refusal.code, refusal.detail)
        result.refuse([error], rows=1)
    return kept


def _products(codes: set[Any]) -> dict[str, Product]:
    existing = {product.code: product for product in Product.objects.filter(code__in=codes)}
    return existing | {code: Product(code=code) for code in codes - existing.keys()}


def _set(sku: Sku, columns: Mapping[str, Any], products: Mapping[str, Product]) -> None:
    for name, value in columns.items():
        if name == "product":
            sku.product = None if value is None else products[value]
        else:
            setattr(sku, name, "" if value is None and name in ("category", "abc_class") else value)


def _document(sku: Sku, tags: Tags) -> dict[str, Any]:
    return {
        "name": sku.name,
        "product": sku.product.code if sku.product else None,
        "category": sku.category,
        "abc_class": sku.abc_class,
        "price": None if sku.price is None else price_text(sku.price),
        "weight_g": sku.weight_g,
        "barcodes": tags.of(sku.code),
    }


def _write(new: list[Sku], changed: list[Sku], products: Mapping[str, Product]) -> None:
    unsaved = [product for product in products.values() if product.pk is None]
    Product.objects.bulk_create(sorted(unsaved, key=lambda product: product.code))
    Sku.objects.bulk_create(new, batch_size=2_000)
    for sku in changed:
        sku.version += 1
    Sku.objects.bulk_create(
        changed,
        batch_size=2_000,
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=WRITTEN,
    )


SKUS = Kind(
    name="skus",
    scope="catalogue:write",
    columns={
        "sku": True,
        "name": True,
        **dict.fromkeys(("barcodes", *COLUMNS[1:]), False),
    },
    prepare=lambda file: prepare_rows(file, key=("sku",)),
    apply=_apply,
    describes="What is sold, by SKU; barcodes with | between them, a case of "
    "twelve as code*12. Columns that are not there "
    "leave what is known as it is.",
    blocks=128,
    aliases={
        **dict.fromkeys(("variant_sku", "internal_reference", "reference_#", "article"), "sku"),
        **dict.fromkeys(("title", "product_name"), "name"),
        **dict.fromkeys(("variant_price", "sale_price", "retail_price"), "price"),
        "price_tax_excluded": "price",
        **dict.fromkeys(("barcode", "variant_barcode", "ean", "ean13", "gtin", "upc"), "barcodes"),
        "variant_grams": "weight_g",
    },
)
