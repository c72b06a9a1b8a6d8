"""Looking up barcodes: from any scanned text to a SKU, one at a time or as a set."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from core.problems.catalogue import DomainError
from inventory.barcodes import BarcodeRefused, Scanned, resolve
from inventory.errors import BadCheckDigit, BarcodeUnreadable, UnknownBarcode
from inventory.models import Barcode, Sku

SKU_CODE = "sku"  # the kind of a text that is a SKU code


@dataclass(frozen=True, slots=True)
class ScannedSku:
    """A SKU that was scanned, and the other data of its barcode. `kind` as in `Scanned`,
    `in_house` for codes of the retailer's own, `sku` for a SKU code."""

    kind: str
    sku: str
    gtin14: str | None = None
    code: str | None = None
    lot: str | None = None
    serial: str | None = None
    expiry: date | None = None


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
    """Resolve scanned or typed texts, in at most two queries for any number.

    The retailer's own codes come first: an in-house code or a SKU code may have as
    many digits as a GTIN. An unknown text maps to the refusal that `find_scanned` raises.
    """
    read = {payload: _read(payload) for payload in payloads}
    owners = _owners({code for each in read.values() for code in (each.text, each.written) if code})
    found = {payload: _owned(each, owners) for payload, each in read.items()}
    codes = _sku_codes({read[payload].text for payload, owned in found.items() if owned is None})
    return {
        payload: owned or _as_code(read[payload], codes) or _refusal(read[payload])
        for payload, owned in found.items()
    }


@dataclass(frozen=True, slots=True)
class _Read:
    """A decoded payload. `written`: the stored form of its barcode."""

    text: str
    scanned: Scanned | None = None
    refused: BarcodeRefused | None = None

    @property
    def written(self) -> str | None:
        return self.scanned.gtin14 or self.scanned.code if self.scanned else None


def _read(payload: str) -> _Read:
    text = payload.strip(" \t\r\n")
    try:
        return _Read(text, scanned=resolve(text))
    except BarcodeRefused as refused:
        return _Read(text, refused=refused)


def _owned(read: _Read, owners: Mapping[str, str]) -> ScannedSku | None:
    scanned, written = read.scanned, read.written
    if scanned and written and written in owners:
        return ScannedSku(
            kind=scanned.kind,
            sku=owners[written],
            gtin14=scanned.gtin14,
            code=scanned.code,
            lot=scanned.lot,
            serial=scanned.serial,
            expiry=scanned.expiry,
        )
    if read.text in owners:
        return ScannedSku(kind="in_house", sku=owners[read.text], code=read.text)
    return None


def _as_code(read: _Read, codes: Collection[str]) -> ScannedSku | None:
    return ScannedSku(kind=SKU_CODE, sku=read.text) if read.text in codes else None


def _refusal(read: _Read) -> DomainError:
    if read.refused is None:
        return UnknownBarcode()
    if read.refused.reason == "bad_check_digit":
        return BadCheckDigit(read.refused.detail)
    return BarcodeUnreadable(read.refused.detail, reason=read.refused.reason)


def find_skus(payloads: Iterable[str]) -> dict[str, int]:
    """Return the SKU id of each payload that names one, in two queries however many.

    The rules of `find_scanned`, for a set: the decoded code, the code as it is printed, and
    last the SKU code.
    """
    forms: dict[str, list[str]] = {}
    for payload in payloads:
        printed = payload.strip(" \t\r\n")
        forms[payload] = [printed]
        try:
            scanned = resolve(payload)
        except BarcodeRefused:
            continue  # a misread, or an in-house code that looks like one
        forms[payload].insert(0, scanned.gtin14 or scanned.code or printed)
    wanted = {form for some in forms.values() for form in some}
    owners = dict(Sku.objects.filter(code__in=wanted).values_list("code", "pk"))
    owners |= dict(Barcode.objects.filter(code__in=wanted).values_list("code", "sku_id"))
    return {
        payload: next(owners[form] for form in some if form in owners)
        for payload, some in forms.items()
        if any(form in owners for form in some)
    }


def _owners(codes: Collection[str]) -> dict[str, str]:
    storable = [code for code in codes if "\x00" not in code]
    return dict(Barcode.objects.filter(code__in=storable).values_list("code", "sku__code"))


def _sku_codes(texts: Collection[str]) -> set[str]:
    storable = [text for text in texts if text and "\x00" not in text]
    if not storable:
        return set()
    return set(Sku.objects.filter(code__in=storable).values_list("code", flat=True))
