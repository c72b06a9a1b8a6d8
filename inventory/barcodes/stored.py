"""The form in which a barcode is kept, and the damage that keeps one out.

One guard for the API, pages and files: a damaged code kept silently is found when a picker scans.
"""

from __future__ import annotations

import re

from inventory.barcodes.gtin import GTIN_LENGTHS, is_sound, normalise_gtin
from inventory.barcodes.other_codes import name_other_code
from inventory.barcodes.scanned import BarcodeRefused
from inventory.barcodes.text import clean

_DIGITS = re.compile(r"[0-9]+")
_SEVERAL = re.compile(r"[0-9]{8,14}([\s;,/|]+[0-9]{8,14})+")
# What people and programs write where there is no code.
_NONE = re.compile(
    r"[-–—.?0]+|#?n\.?/?a\.?|null|none|nil|nan|tbd|keine?r?|nessuno|aucun|#[A-Z/0]+[!?]?|unknown",
    re.IGNORECASE,
)


def stored_form(barcode: str) -> str:
    """Return a GTIN as 14 digits, an in-house code as it is printed.

    Raises BarcodeRefused; reasons beside those of `resolve`: no_code, several_codes, lost_zero,
    shortened_number.
    """
    text = clean(barcode)
    if _NONE.fullmatch(text):
        raise BarcodeRefused("no_code", f"{text!r} is no barcode: leave it out.")
    other = name_other_code(text)
    if other and other[0] == "shortened_number":
        raise BarcodeRefused(other[0], f"{other[1]} Keep the column as text, and enter it again.")
    if _SEVERAL.fullmatch(text):
        raise BarcodeRefused("several_codes", "These are several barcodes: enter each by itself.")
    digits = text.replace(" ", "")  # as printed under the bars: 5 012345 678900
    if is_sound(digits.replace("-", "")):  # a book's number
        digits = digits.replace("-", "")
    if not _DIGITS.fullmatch(digits):
        return text
    if len(digits) in GTIN_LENGTHS:
        return normalise_gtin(digits)
    if len(digits) == 11 and is_sound(f"0{digits}"):
        raise BarcodeRefused(
            "lost_zero", f"A nought is missing at the beginning: 0{digits} is a GTIN."
        )
    return text


def read_units(text: str) -> tuple[str, int | None]:
    """Read `15012345678907*12`, as lists of barcodes have a case of twelve; None: not said."""
    code, star, units = text.rpartition("*")
    if star and code and _DIGITS.fullmatch(units) and len(units) < 10:
        return code, int(units)
    return text, None


def write_units(code: str, units: int) -> str:
    """Write a barcode so that `read_units` reads the same of it."""
    return code if units == 1 and read_units(code) == (code, None) else f"{code}*{units}"
