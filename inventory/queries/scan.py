"""Whose barcode this is: from any scanned text to a SKU."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from inventory.barcodes import BarcodeRefused, Scanned, resolve
from inventory.errors import BadCheckDigit, BarcodeUnreadable, UnknownBarcode
from inventory.models import Barcode, Sku

SKU_CODE = "sku"  # the kind of a text that is a SKU's own code


@dataclass(frozen=True, slots=True)
class ScannedSku:
    """A SKU that was scanned, and what its barcode says beside. `kind` as `Scanned` has it,
    `in_house` for codes of the retailer's own, `sku` for a SKU's code as it is."""

    kind: str
    sku: str
    gtin14: str | None = None
    code: str | None = None
    lot: str | None = None
    serial: str | None = None
    expiry: date | None = None


def find_scanned(payload: str) -> ScannedSku:
    """Resolve one scanned or typed text, in at most two queries.

    What the retailer calls its own comes first: an in-house code or a SKU's code may have as
    many digits as a GTIN. Raises `UnknownBarcode`, and for a text that nobody calls their own
    `BadCheckDigit` or `BarcodeUnreadable`.
    """
    text = payload.strip(" \t\r\n")
    scanned: Scanned | None
    try:
        scanned, refusal = resolve(text), None
    except BarcodeRefused as error:
        scanned, refusal = None, error
    written = scanned.gtin14 or scanned.code if scanned else None
    owners = _owners([code for code in (text, written) if code])
    if scanned and written in owners:
        return ScannedSku(
            kind=scanned.kind,
            sku=owners[written],
            gtin14=scanned.gtin14,
            code=scanned.code,
            lot=scanned.lot,
            serial=scanned.serial,
            expiry=scanned.expiry,
        )
    if text in owners:
        return ScannedSku(kind="in_house", sku=owners[text], code=text)
    if text and Sku.objects.filter(code=text).exists():
        return ScannedSku(kind=SKU_CODE, sku=text)
    if refusal is None:
        raise UnknownBarcode()
    if refusal.reason == "bad_check_digit":
        raise BadCheckDigit(refusal.detail) from refusal
    raise BarcodeUnreadable(refusal.detail, reason=refusal.reason) from refusal


def _owners(codes: list[str]) -> dict[str, str]:
    storable = [code for code in codes if "\x00" not in code]
    return dict(Barcode.objects.filter(code__in=storable).values_list("code", "sku__code"))
