"""Whose the codes of barcodes are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from inventory.barcodes import Scanned
from inventory.models import Barcode, Sku
from inventory.sku_codes import sku_key

SKU_CODE = "sku"  # the kind of a text that is a SKU code


@dataclass(frozen=True, slots=True)
class ScannedSku:
    """A SKU that was scanned, and the other data of its barcode. `kind` as in `Scanned`,
    `in_house` for codes of the retailer's own, `sku` for a SKU code. `units` is what one read
    stands for: what is in a case, times the count on the label."""

    kind: str
    sku: str
    gtin14: str | None = None
    code: str | None = None
    lot: str | None = None
    serial: str | None = None
    expiry: date | None = None
    units: int = 1

    def count(self, reads: int) -> str:
        """Say how many units so many reads are: "5", "12 from one case", "36 from 3 cases"."""
        if self.units == 1:
            return str(reads)
        cases = "one case" if reads == 1 else f"{reads} cases"
        return f"{reads * self.units} from {cases}"


@dataclass(frozen=True, slots=True)
class Label:
    """A text that names a SKU of the retailer's own."""

    sku_id: int
    scanned: ScannedSku


# Barcodes in their stored form, with the SKU (id, code) and the units that each stands for.
Printed = Mapping[str, tuple[int, str, int]]


class Owners:
    """Whose the codes of some readings are, in two queries."""

    def __init__(self, readings: Iterable[Scanned], printed: Printed) -> None:
        given = [reading for reading in readings if "\x00" not in _form(reading)]
        barcodes = Barcode.objects.filter(code__in={_form(reading) for reading in given})
        self._barcodes: dict[str, tuple[int, str, int]] = {
            code: (sku_id, sku, units)
            for code, sku_id, sku, units in barcodes.values_list(
                "code", "sku_id", "sku__code", "units"
            )
        }
        self._barcodes |= printed
        codes = {reading.code for reading in given if reading.code} - self._barcodes.keys()
        skus = Sku.objects.filter(Q(code__in=codes) | Q(key__in={sku_key(code) for code in codes}))
        self._codes: dict[str, list[tuple[int, str]]] = {}
        for sku_id, code in skus.values_list("pk", "code"):
            self._codes.setdefault(sku_key(code), []).append((sku_id, code))

    def first_of(self, readings: Iterable[Scanned]) -> Label | None:
        """Return the article of the first reading that has one."""
        return next(filter(None, map(self._of, readings)), None)

    def only_one_of(self, readings: Iterable[Scanned]) -> Label | None:
        """Return the article that these readings have, unless they have several."""
        found: dict[int, Label] = {}
        for reading in readings:
            found |= {each.sku_id: each for each in self._all_of(reading)}
        return next(iter(found.values())) if len(found) == 1 else None

    def _of(self, reading: Scanned) -> Label | None:
        found = self._all_of(reading)
        return found[0] if len(found) == 1 else None

    def _all_of(self, reading: Scanned) -> list[Label]:
        """Return the article, or several whose codes differ from the one read in their spelling."""
        if owner := self._barcodes.get(_form(reading)):
            sku_id, sku, units = owner
            return [Label(sku_id, shown(reading, sku, units))]
        if reading.code is None:
            return []
        alike = self._codes.get(sku_key(reading.code), [])
        exact = [each for each in alike if each[1] == reading.code]
        return [Label(sku_id, ScannedSku(kind=SKU_CODE, sku=sku)) for sku_id, sku in exact or alike]


def _form(reading: Scanned) -> str:
    return reading.gtin14 or reading.code or ""


def shown(reading: Scanned, sku: str, units: int) -> ScannedSku:
    return ScannedSku(
        kind=reading.kind,
        sku=sku,
        gtin14=reading.gtin14,
        code=reading.code,
        lot=reading.lot,
        serial=reading.serial,
        expiry=reading.expiry,
        units=units * (reading.count or 1),
    )
