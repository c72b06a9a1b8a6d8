"""Reading barcodes: from any scanned text to a GTIN or an in-house code, with lot, serial, expiry.

Reads GTIN-8/12/13/14 (also zero-padded and in-store numbers), GS1 element strings as scanners send
them and as people print them, GS1 Digital Link addresses, and in-house codes. Sources: GS1 General
Specifications (application identifiers, prefixes, check digit), GS1 Digital Link URI syntax.
"""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from urllib.parse import parse_qsl, unquote, urlsplit

from stdnum import ean

GTIN_LENGTHS = (8, 12, 13, 14)
MAX_LENGTH = 512

# FNC1 as scanners transmit it: the end of an element of variable length.
GROUP_SEPARATOR = "\x1d"

_DIGITS = re.compile(r"[0-9]+")
_SPACED_DIGITS = re.compile(r"[0-9]+(?: [0-9]+)+")
_SYMBOLOGY = re.compile(r"\][A-Za-z][0-9A-Za-z]")
# Symbology identifiers of GS1 element strings (Code 128, DataBar, DataMatrix, QR, DotCode).
_GS1_SYMBOLOGIES = ("]C1", "]e0", "]d2", "]Q3", "]J1")
_PRINTED_ELEMENTS = re.compile(r"(?:\([0-9]{2,4}\)[^()]+)+")
_PRINTED_ELEMENT = re.compile(r"\(([0-9]{2,4})\)([^()]+)")
_GS1_CHARACTERS = re.compile(r"[!\"%&'()*+,\-./0-9:;<=>?A-Z_a-z]+")
_ATTRIBUTE = re.compile(r"[0-9]{2,4}")

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

Element = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Scanned:
    """The data in a payload. Either `gtin14` or, for an in-house code, `code` (as printed) is set.

    `kind`: gtin8, gtin8_restricted, gtin12, gtin13, gtin14, zero_padded_gtin8, upca_as_13,
    isbn_issn, coupon_98_99, coupon_upc_5, restricted_2x, restricted_upc_2, restricted_upc_4,
    unassigned_prefix, gs1_128, digital_link, in_house. `expiry` is the use-by date, else the
    best-before date.
    """

    kind: str
    gtin14: str | None = None
    code: str | None = None
    lot: str | None = None
    serial: str | None = None
    expiry: date | None = None


class BarcodeRefused(ValueError):
    """A payload that cannot be read. `reason` is stable, `detail` is for a person.

    Reasons: empty, too_long, control_character, bad_check_digit, bad_length, not_digits,
    bad_element, unknown_identifier, bad_date, no_gtin, bad_link.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def resolve(payload: str) -> Scanned:
    """Read one scanned or typed text. Raises BarcodeRefused."""
    text = payload.strip(" \t\r\n")  # not a bare strip(): that would take the separator too
    _check_text(text)
    symbology = _SYMBOLOGY.match(text)
    if symbology:
        text = text[3:]
    if _PRINTED_ELEMENTS.fullmatch(text):
        pairs = _PRINTED_ELEMENT.findall(text)
        return _from_elements([_checked(identifier, value.strip()) for identifier, value in pairs])
    if (symbology and symbology[0] in _GS1_SYMBOLOGIES) or GROUP_SEPARATOR in text:
        return _from_elements(list(_scanned_elements(text)))
    if text.lower().startswith(("https://", "http://")):
        return _from_link(text)
    if _SPACED_DIGITS.fullmatch(text):  # as printed under the bars: 5 012345 678900
        text = text.replace(" ", "")
    if not _DIGITS.fullmatch(text):
        if not text:
            raise BarcodeRefused("empty", "There is nothing in this code.")
        return Scanned("in_house", code=text)
    if _is_bare_element_string(text):
        return _from_bare_elements(text)
    return Scanned(_kind_of_gtin(text), gtin14=normalise_gtin(text))


def normalise_gtin(code: str) -> str:
    """GTIN-8, -12, -13 or -14 as 14 digits. Raises BarcodeRefused."""
    if not _DIGITS.fullmatch(code):
        raise BarcodeRefused("not_digits", "A GTIN has digits only.")
    if len(code) not in GTIN_LENGTHS:
        raise BarcodeRefused("bad_length", f"A GTIN has 8, 12, 13 or 14 digits, not {len(code)}.")
    expected = ean.calc_check_digit(code[:-1])
    if code[-1] != expected:
        raise BarcodeRefused(
            "bad_check_digit", f"The check digit of {code} is {code[-1]}; it should be {expected}."
        )
    return code.zfill(14)


def _check_text(text: str) -> None:
    if not text:
        raise BarcodeRefused("empty", "There is nothing to read.")
    if len(text) > MAX_LENGTH:
        raise BarcodeRefused("too_long", f"No barcode has more than {MAX_LENGTH} characters.")
    for character in text:
        # Control characters, and halves of surrogate pairs that no database stores.
        if unicodedata.category(character) in ("Cc", "Cs") and character != GROUP_SEPARATOR:
            raise BarcodeRefused(
                "control_character", f"Character U+{ord(character):04X} belongs to no barcode."
            )


def _kind_of_gtin(digits: str) -> str:
    """Return the kind of a number, from its length and its GS1 prefix."""
    if len(digits) == 8:
        return "gtin8_restricted" if digits[0] in "02" else "gtin8"
    if len(digits) != 13:
        return f"gtin{len(digits)}"
    if digits.startswith("00000"):
        return "zero_padded_gtin8"
    if digits[0] == "0":
        upc = {"2": "restricted_upc_2", "4": "restricted_upc_4", "5": "coupon_upc_5"}
        return upc.get(digits[1], "upca_as_13")
    if digits[0] == "2":
        return "restricted_2x"
    if digits[:3] in ("977", "978", "979"):
        return "isbn_issn"
    if digits[:2] in ("98", "99"):
        return "coupon_98_99"
    return "unassigned_prefix" if "140" <= digits[:3] <= "199" else "gtin13"


def _is_bare_element_string(digits: str) -> bool:
    """GS1 elements that lost their symbology identifier: (01) or (02) and a sound GTIN-14."""
    return len(digits) >= 16 and digits[:2] in ("01", "02") and ean.is_valid(digits[2:16])


def _from_bare_elements(digits: str) -> Scanned:
    """Such strings are often cut short by an input field. The GTIN is verified by its check
    digit; an unreadable rest leaves lot, serial and expiry empty."""
    try:
        return _from_elements(list(_scanned_elements(digits)))
    except BarcodeRefused:
        return Scanned("gs1_128", gtin14=digits[2:16])


def _scanned_elements(text: str) -> Iterator[Element]:
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
        yield _checked(identifier, value)
        rest = after.lstrip(GROUP_SEPARATOR)


def _checked(identifier: str, value: str) -> Element:
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


def _from_elements(elements: list[Element], kind: str = "gs1_128") -> Scanned:
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
    )


def _date(yymmdd: str) -> date:
    """Day 00 means the last of the month. Years are always in this century."""
    year, month, day = 2000 + int(yymmdd[:2]), int(yymmdd[2:4]), int(yymmdd[4:])
    try:
        return date(year, month, day or monthrange(year, month)[1])
    except ValueError as error:
        raise BarcodeRefused("bad_date", f"{yymmdd} is no date (YYMMDD).") from error


def _from_link(text: str) -> Scanned:
    """https://any.host/any/path/01/GTIN/22/…/10/LOT/21/SERIAL?17=261231&…"""
    try:
        link = urlsplit(text)
    except ValueError as error:
        raise BarcodeRefused("bad_link", "This web address cannot be read.") from error
    steps = [unquote(step) for step in link.path.rstrip("/").split("/")]
    # The last "/01/" that a number follows; the path before it is the host's own.
    at = max((n for n in range(len(steps) - 1) if steps[n] == "01"), default=None)
    if at is None:
        raise BarcodeRefused("no_gtin", "This web address names no trade item: /01/ is missing.")
    pairs = list(zip(steps[at + 2 :: 2], steps[at + 3 :: 2], strict=False))
    if len(steps[at:]) % 2:
        raise BarcodeRefused("bad_link", f"{steps[-1][:20]!r} has no value in this web address.")
    # Attributes that are no GS1 identifiers, such as utm_source, say nothing about the goods.
    pairs += [(key, value) for key, value in parse_qsl(link.query) if _ATTRIBUTE.fullmatch(key)]
    elements = [("01", normalise_gtin(steps[at + 1])), *(_checked(*pair) for pair in pairs)]
    return _from_elements(elements, kind="digital_link")
