"""Codes that name no article: what they are, in words for the person who scanned them."""

from __future__ import annotations

import re

_KINDS = (
    (r"(\]C1|\]e0|\]d2|\]Q3)?\x1d?(00|\(00\) ?)[0-9]{18}", "pallet", "a pallet's label (SSCC)"),
    (r"\(?414\)?[0-9]{13}.*", "place", "a place (GLN)"),
    (r"WIFI:.*", "wifi", "the access to a wireless network"),
    (r"(upi|bitcoin|ethereum)://?.*|BCD\n.*|000201.*", "payment", "a payment"),
    (r"BEGIN:VCARD.*|MECARD:.*", "contact", "a person's contact"),
    (r"BEGIN:VEVENT.*", "date", "a date for a calendar"),
    (r"(mailto|tel|sms|smsto|geo):.*", "contact", "an address to write, call or go to"),
    (r"https?://.*", "web_address", "a web address that names no article"),
    (r"otpauth://.*", "secret", "a secret of a sign-in"),
    (
        r"[0-9][.,][0-9]+E\+?[0-9]+",
        "shortened_number",
        "a number that a spreadsheet has shortened: its last digits are lost",
    ),
    (r"[0-9]{8,14}[.,]0+", "shortened_number", "a number that a spreadsheet has given decimals"),
)
_PATTERNS = [
    (re.compile(pattern, re.IGNORECASE | re.DOTALL), reason, words)
    for pattern, reason, words in _KINDS
]


def name_other_code(text: str) -> tuple[str, str] | None:
    """Return a stable reason and a sentence, for a text that is known and no article's code."""
    for pattern, reason, words in _PATTERNS:
        if pattern.fullmatch(text):
            return reason, f"This is {words}, not the code of an article."
    return None
