"""Files of barcodes, and the owners of barcodes while a file is applied."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from rest_framework import serializers

from core.imports.findings import Effect, RowError
from core.imports.kinds import Chunk, Kind, Progress
from core.imports.models import Import
from core.imports.rows import (
    ImportResult,
    Row,
    groups_of,
    prepare_rows,
    row_errors_of,
    whole_number,
)
from core.problems.catalogue import DomainError
from inventory.api.skus import BarcodeField, CaseCodeBody
from inventory.barcodes import write_units
from inventory.commands.catalogue.catalogue import with_units
from inventory.imports.spelling import spell_skus
from inventory.models import Barcode, Sku

Units = Mapping[str, int | None]  # by barcode; None: not said
UNITS = CaseCodeBody().fields["units"]


@dataclass(slots=True)
class Tags:
    """The barcodes of some SKUs, before and after a file."""

    owners: dict[str, str]  # barcode -> SKU code
    units: dict[str, int]  # barcode -> units that it stands for
    worn: dict[str, set[str]]  # SKU code -> barcodes
    gone: set[str] = field(default_factory=set)
    new: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)  # those with other units than before

    def of(self, sku: str) -> list[str]:
        return [write_units(code, self.units[code]) for code in sorted(self.worn.get(sku, ()))]

    def give(self, sku: str, codes: Units, *, line: int) -> list[RowError]:
        """Replace the barcodes of a SKU; or change none and return those that belong to others."""
        errors = self.taken(sku, codes, line=line, column="barcodes")
        if not errors:
            for code in self.worn.get(sku, set()) - set(codes):
                self.worn[sku].discard(code)
                del self.owners[code]
                self.gone.add(code)
            self.add(sku, codes)
        return errors

    def taken(self, sku: str, codes: Collection[str], *, line: int, column: str) -> list[RowError]:
        return [
            RowError(
                line,
                column,
                "barcode_taken",
                f"The barcode {code} belongs to the SKU {self.owners[code]}.",
            )
            for code in codes
            if self.owners.get(code, sku) != sku
        ]

    def add(self, sku: str, codes: Units) -> bool:
        """Give a SKU more barcodes; return whether any was new to it, or stands for other units."""
        more = [code for code in codes if code not in self.owners]
        for code in more:
            self.owners[code] = sku
            self.units[code] = 1
            self.worn.setdefault(sku, set()).add(code)
            self.new.add(code)
        others = [code for code, units in codes.items() if units not in (None, self.units[code])]
        for code in others:
            self.units[code] = codes[code] or 1
            self.changed.add(code)
        return bool(more or others)


def read_tags(*, codes: Collection[str], sku_ids: Collection[int]) -> Tags:
    """Return the owners of these barcodes, and all barcodes of these SKUs."""
    found = Barcode.objects.filter(code__in=codes) | Barcode.objects.filter(sku__in=sku_ids)
    rows = list(found.values_list("code", "sku__code", "units"))
    worn: dict[str, set[str]] = {}
    for code, sku, _ in rows:
        worn.setdefault(sku, set()).add(code)
    return Tags(
        {code: sku for code, sku, _ in rows}, {code: units for code, _, units in rows}, worn
    )


def write_tags(tags: Tags) -> None:
    """Write what was given and taken. Every SKU must exist by now."""
    removed = tags.gone - tags.owners.keys() | (tags.gone & tags.new)
    Barcode.objects.filter(code__in=removed).delete()
    owners = {code: tags.owners[code] for code in sorted(tags.new) if code in tags.owners}
    skus = dict(Sku.objects.filter(code__in=set(owners.values())).values_list("code", "pk"))
    Barcode.objects.bulk_create(
        [
            Barcode(code=code, sku_id=skus[sku], units=tags.units[code])
            for code, sku in owners.items()
        ],
        batch_size=2_000,
    )
    kept = Barcode.objects.filter(code__in=(tags.changed & tags.owners.keys()) - tags.new)
    changed = list(kept.order_by("pk"))
    for barcode in changed:
        barcode.units = tags.units[barcode.code]
    Barcode.objects.bulk_update(changed, ["units"], batch_size=2_000)


def _apply(chunk: Chunk) -> Progress:
    rows = [row for (row,) in groups_of(chunk)]
    result = ImportResult()
    read = {row.line: _read(row, result) for row in rows}
    skus = {
        sku.code: sku
        for sku in Sku.objects.select_for_update()
        .filter(code__in={row.cells["sku"] for row in rows})
        .order_by("pk")
    }
    tags = read_tags(codes={code for given in read.values() for code in given or ()}, sku_ids=())
    touched: set[str] = set()
    for row in rows:
        given = read[row.line]
        if given is None:
            continue
        (code,) = given
        sku = row.cells["sku"]
        if sku not in skus:
            reason = f"There is no SKU {sku}."
            result.refuse([RowError(row.line, "sku", "unknown_sku", reason)], rows=1)
        elif errors := tags.taken(sku, [code], line=row.line, column="barcode"):
            result.refuse(errors, rows=1)
        elif tags.add(sku, given):
            result.changed += 1
            touched.add(sku)
            after = {"barcode": code, "units": tags.units[code]}
            effect = Effect(row.line, f"skus/{sku}", None, after)
            result.effects.append(effect)
    if not chunk.file.dry_run:
        write_tags(tags)
        _raise_versions([skus[code] for code in touched])
    return result.settle(chunk, done=len(rows))


def _read(row: Row, result: ImportResult) -> Units | None:
    """Return a row's barcode as it is stored; None when it is invalid, which is recorded."""
    column = "barcode"
    try:
        code = BarcodeField().run_validation(row.cells["barcode"])
        column, units = "units", None
        if text := row.given("units"):
            units = UNITS.run_validation(whole_number(text))
        column = "barcode"
        return with_units([(code, units)])
    except (serializers.ValidationError, DomainError) as error:
        result.refuse(list(row_errors_of(error, [row], column_at=lambda _: column)), rows=1)
        return None


def _raise_versions(skus: list[Sku]) -> None:
    for sku in skus:
        sku.version += 1
    Sku.objects.bulk_update(skus, ["version"], batch_size=2_000)


def _prepare(file: Import) -> Progress:
    spell_skus(file)
    return prepare_rows(file, key=("barcode",))


BARCODES = Kind(
    name="barcodes",
    scope="catalogue:write",
    columns={"sku": True, "barcode": True, "units": False},
    prepare=_prepare,
    apply=_apply,
    describes="More barcodes for SKUs, one a row, and the units of a case code. Those that a SKU "
    "has stay.",
    blocks=64,
)
