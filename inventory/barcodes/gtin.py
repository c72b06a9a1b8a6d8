"""GTINs: their check digit, their kinds, and the shorter numbers that stand for one.

Sources: GS1 General Specifications (prefixes, check digit, UPC-E), ISO 2108 (ISBN).
"""

from __future__ import annotations

import re

from stdnum import ean, isbn

from inventory.barcodes.scanned import BarcodeRefused

GTIN_LENGTHS = (8, 12, 13, 14)
_DIGITS = re.compile(r"[0-9]+")


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


def kind_of_gtin(digits: str) -> str:
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


def is_sound(digits: str) -> bool:
    """Say whether a text is a GTIN of some length."""
    if len(digits) not in GTIN_LENGTHS or not _DIGITS.fullmatch(digits):
        return False
    return bool(ean.calc_check_digit(digits[:-1]) == digits[-1])


def expand_upc_e(digits: str) -> str | None:
    """Return the UPC-A that eight digits of UPC-E stand for; None where they are none.

    The six digits in the middle are a UPC-A without its noughts; the last of them says where those
    were.
    """
    if len(digits) != 8 or digits[0] not in "01":
        return None
    system, middle, check = digits[0], digits[1:7], digits[7]
    last = middle[5]
    if last in "012":
        body = middle[:2] + last + "0000" + middle[2:5]
    elif last == "3":
        body = middle[:3] + "00000" + middle[3:5]
    elif last == "4":
        body = middle[:4] + "00000" + middle[4]
    else:
        body = middle[:5] + "0000" + last
    whole = system + body + check
    return whole if is_sound(whole) else None


def isbn13_of(text: str) -> str | None:
    """Return the thirteen digits that an ISBN of ten stands for; None where it is none."""
    if isbn.isbn_type(text) != "ISBN10":
        return None
    return str(isbn.to_isbn13(isbn.compact(text)))


def item_in_case(gtin14: str) -> str | None:
    """Return the GTIN-14 of the item that a case code (indicator 1 to 8) is made of."""
    if gtin14[0] not in "12345678":
        return None
    body = "0" + gtin14[1:13]
    return body + str(ean.calc_check_digit(body))


def scale_item(digits: str) -> tuple[str, str] | None:
    """Return the article's own number, its value nought, and the value that a scale has printed.

    A number of thirteen digits that begins with 20 to 29 has five of the article's own, a weight or
    a price of five, and the check digit.
    """
    if len(digits) != 13 or digits[0] != "2" or not is_sound(digits):
        return None
    body = digits[:7] + "00000"
    return "0" + body + str(ean.calc_check_digit(body)), digits[7:12]
