"""GS1 element strings: application identifiers and their values, as scanners send them.

Source: GS1 General Specifications (application identifiers, symbology identifiers).
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from inventory.barcodes.gtin import is_sound, normalise_gtin
from inventory.barcodes.scanned import BarcodeRefused, Scanned

# FNC1 as scanners transmit it: the end of an element of variable length.
GROUP_SEPARATOR = "\x1d"

_DIGITS = re.compile(r"[0-9]+")
PRINTED_ELEMENTS = re.compile(r"(?:\([0-9]{2,4}\)[^()]+)+")
PRINTED_ELEMENT = re.compile(r"\(([0-9]{2,4})\)([^()]+)")
_GS1_CHARACTERS = re.compile(r"[!\"%&'()*+,\-./0-9:;<=>?A-Z_a-z]+")
# What scanners and keyboards make of the separator. None of it can stand in a value, but for <GS>.
_SEPARATORS = re.compile(r"\{GS\}|<GS>|\[GS\]|\\x1d|\\u001d|~1|[\u241d\x1e|^]", re.IGNORECASE)

# Application identifiers by their first two digits: how many digits they have in all, and the
# length of the value where that is fixed (the others end at a separator).
_IDENTIFIER_DIGITS = {
    **{f"{n:02}": 2 for n in (0, 1, 2, 3, 4, 10, 11, 12, 13, 15, 16, 17, 20, 21, 22, 30, 37)},
    **{f"{n}": 2 for n in range(90, 100)},
    **{f"{n}": 3 for n in (23, 24, 25, 40, 41, 42, 71)},
    **{f"{n}": 4 for n in (31, 32, 33, 34, 35, 36, 39, 43, 70, 72, 80, 81, 82)},
}
_FIXED_LENGTHS = {
    **{"00": 18, "01": 14, "02": 14, "03": 14, "04": 16, "20": 2, "41": 13},
    **{f"{n}": 6 for n in (11, 12, 13, 15, 16, 17, 31, 32, 33, 34, 35, 36)},
}
_LONGEST_VALUE = {"10": 20, "21": 20, "22": 20, "30": 8, "37": 8}
_LONGEST_OTHER_VALUE = 90
# The net weight of an article that is sold by weight; the fourth digit says where the point stands.
_WEIGHTS = {"310": "kg", "320": "lb", "356": "troy oz", "357": "oz"}

Element = tuple[str, str]


def with_separators(text: str) -> str:
    """Return elements with the separators that a scanner has written as text."""
    return _SEPARATORS.sub(GROUP_SEPARATOR, text)


def begins_with_gtin(text: str) -> bool:
    """Say whether these are elements that lost their symbology identifier: (01) or (02) and a
    sound GTIN-14."""
    digits = text[2:16]
    return (
        text[:2] in ("01", "02")
        and len(digits) == 14
        and _DIGITS.fullmatch(digits) is not None
        and is_sound(digits)
    )


def from_bare_elements(text: str) -> Scanned:
    """Read elements without a symbology identifier, which an input field often cuts short.

    The GTIN is verified by its check digit; an unreadable rest leaves the others empty.
    """
    try:
        return from_elements(list(scanned_elements(text)))
    except BarcodeRefused:
        return Scanned("gs1_128", gtin14=text[2:16])


def scanned_elements(text: str) -> Iterator[Element]:
    """Split what a scanner sent: fixed lengths run on, variable ones end at a separator."""
    rest = text.lstrip(GROUP_SEPARATOR)
    while rest:
        start = rest[:2]
        digits = _IDENTIFIER_DIGITS.get(start)
        if digits is None or not _DIGITS.fullmatch(rest[:digits]):
            raise BarcodeRefused("unknown_identifier", f"No GS1 element begins with {rest[:4]!r}.")
        identifier, rest = rest[:digits], rest[digits:]
        fixed = _FIXED_LENGTHS.get(start)
        value, _, after = rest.partition(GROUP_SEPARATOR)
        if fixed is not None and len(value) > fixed:
            value, after = rest[:fixed], rest[fixed:]
        yield checked(identifier, value)
        rest = after.lstrip(GROUP_SEPARATOR)


def checked(identifier: str, value: str) -> Element:
    """Refuse a value that its identifier cannot have."""
    start = identifier[:2]
    if _IDENTIFIER_DIGITS.get(start) != len(identifier):
        raise BarcodeRefused("unknown_identifier", f"There is no GS1 identifier ({identifier}).")
    fixed = _FIXED_LENGTHS.get(start)
    if fixed is not None and (len(value) != fixed or not _DIGITS.fullmatch(value)):
        raise BarcodeRefused("bad_element", f"({identifier}) takes {fixed} digits, not {value!r}.")
    longest = _LONGEST_VALUE.get(start, _LONGEST_OTHER_VALUE)
    if len(value) > longest or not _GS1_CHARACTERS.fullmatch(value):
        raise BarcodeRefused(
            "bad_element",
            f"({identifier}) takes 1 to {longest} of the letters, digits and signs of GS1.",
        )
    return identifier, value


def from_elements(elements: list[Element], kind: str = "gs1_128") -> Scanned:
    values: dict[str, str] = {}
    for identifier, value in elements:
        if values.setdefault(identifier, value) != value:
            raise BarcodeRefused("bad_element", f"({identifier}) is given twice, differently.")
    gtin = values.get("01") or values.get("02")
    if gtin is None:
        raise BarcodeRefused("no_gtin", "These GS1 elements name no trade item: (01) is missing.")
    use_by = values.get("17") or values.get("15")
    return Scanned(
        kind,
        gtin14=normalise_gtin(gtin),
        lot=values.get("10"),
        serial=values.get("21"),
        expiry=None if use_by is None else _date(use_by),
        count=_count(values.get("37") or values.get("30")),
        weight=next(filter(None, (_weight(*element) for element in elements)), None),
    )


def _count(digits: str | None) -> int | None:
    return int(digits) if digits and _DIGITS.fullmatch(digits) and int(digits) else None


def _weight(identifier: str, digits: str) -> str | None:
    unit = _WEIGHTS.get(identifier[:3])
    if unit is None:
        return None
    return f"{Decimal(digits).scaleb(-int(identifier[3])):f} {unit}"


def _date(yymmdd: str) -> date:
    """Day 00 means the last of the month. Years are always in this century."""
    year, month, day = 2000 + int(yymmdd[:2]), int(yymmdd[2:4]), int(yymmdd[4:])
    try:
        return date(year, month, day or monthrange(year, month)[1])
    except ValueError as error:
        raise BarcodeRefused("bad_date", f"{yymmdd} is no date (YYMMDD).") from error
