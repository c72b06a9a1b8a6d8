"""Looking up barcodes: from any scanned text to a SKU, one at a time or as a set."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Q

from core.problems.catalogue import DomainError
from inventory.barcodes import (
    BarcodeRefused,
    Scanned,
    as_typed_elsewhere,
    clean,
    item_in_case,
    name_other_code,
    other_readings,
    resolve,
    scale_item,
)
from inventory.errors import BadCheckDigit, BarcodeUnreadable, UnknownBarcode
from inventory.models import Barcode, Sku
from inventory.sku_codes import sku_key

SKU_CODE = "sku"  # the kind of a text that is a SKU code


@dataclass(frozen=True, slots=True)
class ScannedSku:
    """A SKU that was scanned, and the other data of its barcode. `kind` as in `Scanned`,
    `in_house` for codes of the retailer's own, `sku` for a SKU code. `units`: where the label says
    how many there are."""

    kind: str
    sku: str
    gtin14: str | None = None
    code: str | None = None
    lot: str | None = None
    serial: str | None = None
    expiry: date | None = None
    units: int | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """One scan of a barcode; the client made the id."""

    scan_id: UUID
    payload: str
    quantity: int = 1
    at: datetime | None = None


def find_scanned(payload: str) -> ScannedSku:
    """Resolve one scanned or typed text, in at most two queries.

    Raises `UnknownBarcode`, and for a text that is no code of the retailer's `BadCheckDigit` or
    `BarcodeUnreadable`.
    """
    found = find_all_scanned([payload])[payload]
    if isinstance(found, DomainError):
        raise found
    return found


def find_all_scanned(payloads: Collection[str]) -> dict[str, ScannedSku | DomainError]:
    """Resolve scanned or typed texts, in at most two queries where all are known, else in four.

    The retailer's own codes come first: an in-house code or a SKU code may have as
    many digits as a GTIN. An unknown text maps to the refusal that `find_scanned` raises.
    """
    return {
        payload: found if isinstance(found, DomainError) else found.scanned
        for payload, found in _find(payloads).items()
    }


def find_skus(payloads: Iterable[str]) -> dict[str, int]:
    """Return the SKU id of each payload that names one, by the rules of `find_all_scanned`."""
    return {
        payload: found.sku_id
        for payload, found in _find(set(payloads)).items()
        if isinstance(found, _Found)
    }


@dataclass(frozen=True, slots=True)
class _Found:
    sku_id: int
    scanned: ScannedSku


@dataclass(frozen=True, slots=True)
class _Text:
    """A payload as it was read. `text`: without what scanners put around it."""

    payload: str
    text: str = ""
    scanned: Scanned | None = None
    refused: BarcodeRefused | None = None

    @property
    def readings(self) -> list[Scanned]:
        """The surest first."""
        as_printed = Scanned("in_house", code=self.text)
        return [self.scanned, as_printed] if self.scanned else [as_printed]


def _find(payloads: Collection[str]) -> dict[str, _Found | DomainError]:
    texts = {payload: _read(payload) for payload in payloads}
    owners = _Owners(reading for text in texts.values() for reading in text.readings)
    found: dict[str, _Found | DomainError | None] = {
        payload: owners.first_of(text.readings) for payload, text in texts.items()
    }
    unknown = {payload: texts[payload] for payload, known in found.items() if known is None}
    if unknown:
        found |= _look_further(unknown)
    return {payload: known for payload, known in found.items() if known is not None}


def _read(payload: str) -> _Text:
    try:
        text = clean(payload)
    except BarcodeRefused as refused:
        return _Text(payload, refused=refused)
    try:
        return _Text(payload, text, scanned=resolve(text))
    except BarcodeRefused as refused:
        return _Text(payload, text, refused=refused)


def _look_further(texts: Mapping[str, _Text]) -> dict[str, _Found | DomainError]:
    """Find articles under readings that are less sure, or say what is wrong with a text."""
    others = {text.text: other_readings(text.text) for text in texts.values()}
    typed = {
        text.text: [
            *text.readings,
            *(
                reading
                for each in as_typed_elsewhere(text.text)
                for reading in _read(each).readings
            ),
        ]
        for text in texts.values()
    }
    parts = {text.text: _parts_of(text) for text in texts.values()}
    owners = _Owners(
        reading
        for readings in (*others.values(), *typed.values(), *parts.values())
        for reading in readings
    )
    return {
        payload: owners.first_of(others[text.text])
        or owners.only_one_of(typed[text.text])
        or _from_label(text, owners)
        or _refusal(text)
        for payload, text in texts.items()
    }


def _parts_of(text: _Text) -> list[Scanned]:
    """Return the articles that a case or the label of a scale would be about."""
    gtin = text.scanned.gtin14 if text.scanned else None
    if gtin is None:
        return []
    item, scale = item_in_case(gtin), scale_item(gtin[1:])
    found = [item] if item else []
    found += [scale[0]] if scale else []
    return [Scanned("gtin14", gtin14=each) for each in found]


def _from_label(text: _Text, owners: _Owners) -> _Found | DomainError | None:
    """Judge a label whose article is known by another number than the one it bears."""
    inside = owners.first_of(_parts_of(text))
    if inside is None or text.scanned is None or text.scanned.gtin14 is None:
        return None
    sku, scanned = inside.scanned.sku, text.scanned
    if scale := scale_item(text.scanned.gtin14[1:]):
        return BarcodeUnreadable(
            f"The scale's label of {sku} says {scale[1]}, a weight or a price. Goods are kept in"
            " pieces here: scan the article's own code, and enter how many.",
            reason="weight",
            sku=sku,
        )
    if scanned.count:
        return _Found(inside.sku_id, _shown(scanned, sku))
    return UnknownBarcode(
        f"This is a case of {sku}, and how many are in it is not known: scan one piece, and enter"
        " how many.",
        sku=sku,
    )


class _Owners:
    """Whose the codes of some readings are, in two queries."""

    def __init__(self, readings: Iterable[Scanned]) -> None:
        given = [reading for reading in readings if "\x00" not in _form(reading)]
        barcodes = Barcode.objects.filter(code__in={_form(reading) for reading in given})
        self._barcodes = {
            code: (sku_id, sku)
            for code, sku_id, sku in barcodes.values_list("code", "sku_id", "sku__code")
        }
        printed = {reading.code for reading in given if reading.code} - self._barcodes.keys()
        skus = Sku.objects.filter(
            Q(code__in=printed) | Q(key__in={sku_key(code) for code in printed})
        )
        self._codes: dict[str, list[tuple[int, str]]] = {}
        for sku_id, code in skus.values_list("pk", "code"):
            self._codes.setdefault(sku_key(code), []).append((sku_id, code))

    def first_of(self, readings: Iterable[Scanned]) -> _Found | None:
        """Return the article of the first reading that has one."""
        return next(filter(None, map(self._of, readings)), None)

    def only_one_of(self, readings: Iterable[Scanned]) -> _Found | None:
        """Return the article that these readings have, unless they have several."""
        found: dict[int, _Found] = {}
        for reading in readings:
            found |= {each.sku_id: each for each in self._all_of(reading)}
        return next(iter(found.values())) if len(found) == 1 else None

    def _of(self, reading: Scanned) -> _Found | None:
        found = self._all_of(reading)
        return found[0] if len(found) == 1 else None

    def _all_of(self, reading: Scanned) -> list[_Found]:
        """Return the article, or several whose codes differ from the one read in their spelling."""
        if owner := self._barcodes.get(_form(reading)):
            sku_id, sku = owner
            return [_Found(sku_id, _shown(reading, sku))]
        if reading.code is None:
            return []
        alike = self._codes.get(sku_key(reading.code), [])
        exact = [each for each in alike if each[1] == reading.code]
        return [
            _Found(sku_id, ScannedSku(kind=SKU_CODE, sku=sku)) for sku_id, sku in exact or alike
        ]


def _form(reading: Scanned) -> str:
    return reading.gtin14 or reading.code or ""


def _shown(reading: Scanned, sku: str) -> ScannedSku:
    return ScannedSku(
        kind=reading.kind,
        sku=sku,
        gtin14=reading.gtin14,
        code=reading.code,
        lot=reading.lot,
        serial=reading.serial,
        expiry=reading.expiry,
        units=reading.count,
    )


def _refusal(text: _Text) -> DomainError:
    if other := name_other_code(text.text or text.payload.strip()):
        reason, words = other
        return BarcodeUnreadable(words, reason=reason)
    if text.refused is None:
        return UnknownBarcode()
    if text.refused.reason == "bad_check_digit":
        return BadCheckDigit(text.refused.detail)
    return BarcodeUnreadable(text.refused.detail, reason=text.refused.reason)
