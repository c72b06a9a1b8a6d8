"""Scanned text as it was meant: without what scanners, keyboards and copies put around it."""

from __future__ import annotations

import unicodedata

from inventory.barcodes.elements import GROUP_SEPARATOR
from inventory.barcodes.scanned import BarcodeRefused

MAX_LENGTH = 512
# Control characters that are part of a code: FNC1, and what some scanners send instead.
_PART_OF_CODES = (GROUP_SEPARATOR, "\x1e")
_NULL_AND_SPACES = " \t\r\n\x00\u00a0"


def clean(payload: str) -> str:
    """Return a payload without invisible characters, with its digits as 0 to 9.

    Spaces around it go, and the null that some scanners end with. Raises BarcodeRefused.
    """
    # Not a bare strip(): that would take the separator too.
    text = payload.strip(_NULL_AND_SPACES)
    if len(text) > MAX_LENGTH:
        raise BarcodeRefused("too_long", f"No barcode has more than {MAX_LENGTH} characters.")
    if not text.isascii():
        text = "".join(_plain(character) for character in text).strip(_NULL_AND_SPACES)
    if not text:
        raise BarcodeRefused("empty", "There is nothing to read.")
    for character in text:
        # Control characters, and halves of surrogate pairs that no database stores.
        if unicodedata.category(character) in ("Cc", "Cs") and character not in _PART_OF_CODES:
            raise BarcodeRefused(
                "control_character", f"Character U+{ord(character):04X} belongs to no barcode."
            )
    return text


def _plain(character: str) -> str:
    """Return a digit of any script as 0 to 9, a full-width sign as ASCII has it, and nothing for
    marks that cannot be seen."""
    if unicodedata.category(character) == "Cf":
        return ""
    digit = unicodedata.decimal(character, None)
    if digit is not None:
        return str(digit)
    return chr(ord(character) - 0xFEE0) if "\uff01" <= character <= "\uff5e" else character
