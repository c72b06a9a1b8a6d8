"""Reading barcodes: from any scanned text to a GTIN or an in-house code, with lot, serial, expiry.

Reads GTIN-8/12/13/14 (also zero-padded and in-store numbers), GS1 element strings as scanners send
them and as people print them, GS1 Digital Link addresses, and in-house codes.
"""

from __future__ import annotations

import re

from inventory.barcodes.elements import (
    GROUP_SEPARATOR,
    PRINTED_ELEMENT,
    PRINTED_ELEMENTS,
    begins_with_gtin,
    checked,
    from_bare_elements,
    from_elements,
    scanned_elements,
    with_separators,
)
from inventory.barcodes.gtin import (
    GTIN_LENGTHS,
    expand_upc_e,
    is_sound,
    isbn13_of,
    kind_of_gtin,
    normalise_gtin,
)
from inventory.barcodes.links import from_link, is_link
from inventory.barcodes.scanned import BarcodeRefused, Scanned
from inventory.barcodes.text import clean

_DIGITS = re.compile(r"[0-9]+")
_SPACED_DIGITS = re.compile(r"[0-9]+(?: [0-9]+)+")
_HYPHENED_DIGITS = re.compile(r"[0-9]+(?:[- ][0-9]+)+")
_SYMBOLOGY = re.compile(r"\][A-Za-z][0-9A-Za-z]")
# Symbology identifiers of GS1 element strings (Code 128, DataBar, DataMatrix, QR, DotCode).
_GS1_SYMBOLOGIES = ("]C1", "]e0", "]d2", "]Q3", "]J1")
_ADD_ONS = (2, 5)  # digits beside an EAN or a UPC: the issue of a magazine, the price of a book
_TWICE = re.compile(r"(.{3,})[\s;,]?\1")


def resolve(payload: str) -> Scanned:
    """Read one scanned or typed text. Raises BarcodeRefused."""
    text = clean(payload)
    symbology = _SYMBOLOGY.match(text)
    if symbology:
        text = text[3:]
    if PRINTED_ELEMENTS.fullmatch(text):
        pairs = PRINTED_ELEMENT.findall(text)
        return from_elements([checked(identifier, value.strip()) for identifier, value in pairs])
    if (symbology and symbology[0] in _GS1_SYMBOLOGIES) or GROUP_SEPARATOR in text:
        return from_elements(list(scanned_elements(with_separators(text))))
    if is_link(text):
        return from_link(text)
    if begins_with_gtin(text):
        return from_bare_elements(with_separators(text))
    if _SPACED_DIGITS.fullmatch(text):  # as printed under the bars: 5 012345 678900
        text = text.replace(" ", "")
    if not _DIGITS.fullmatch(text):
        if not text:
            raise BarcodeRefused("empty", "There is nothing in this code.")
        return Scanned("in_house", code=text)
    return Scanned(kind_of_gtin(text), gtin14=normalise_gtin(text))


def other_readings(payload: str) -> list[Scanned]:
    """Return what a text may also stand for, the likeliest first: less sure than `resolve`.

    To be looked up where the retailer has no article under the first reading.
    """
    try:
        text = clean(payload)
    except BarcodeRefused:
        return []
    symbology = _SYMBOLOGY.match(text)
    if symbology:
        text = text[3:]
    found = []
    if len(text) > 2 and text[0] == text[-1] == "*":  # Code 39 with its start and stop signs
        found.append(Scanned("in_house", code=text[1:-1]))
    twice = _TWICE.fullmatch(text)
    if twice:  # read twice into one field
        found += _if_read(twice[1])
    digits = re.sub("[- ]", "", text)
    if _HYPHENED_DIGITS.fullmatch(text) and is_sound(digits):
        found.append(Scanned(kind_of_gtin(digits), gtin14=digits.zfill(14)))
    if book := isbn13_of(text):
        found.append(Scanned("isbn10", gtin14=book.zfill(14)))
    if _DIGITS.fullmatch(text):
        if whole := expand_upc_e(text):
            found.append(Scanned("upc_e", gtin14=whole.zfill(14)))
        for add_on in _ADD_ONS:
            main = text[:-add_on]
            if len(main) in (12, 13) and is_sound(main) and len(text) not in GTIN_LENGTHS:
                found.append(Scanned(kind_of_gtin(main), gtin14=main.zfill(14)))
    return found


def _if_read(text: str) -> list[Scanned]:
    try:
        return [resolve(text)]
    except BarcodeRefused:
        return []
