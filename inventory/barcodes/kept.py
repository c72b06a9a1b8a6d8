"""What may be kept of a scanned text that names no article."""

from __future__ import annotations

import re

from core.access.redaction import MASK, without_secrets
from inventory.barcodes.layouts import as_typed_elsewhere
from inventory.barcodes.other_codes import name_other_code

# Kinds of codes that open something, or name a person.
_CONFIDENTIAL = frozenset({"wifi", "secret", "payment", "contact", "date"})
_SIX_DIGITS = re.compile(r"\s*(?:[0-9]\s*){6}")  # as a pickup code is typed
_SECRET = re.compile(r"[0-9A-F]{32,}", re.IGNORECASE)  # as long as that of a pass


def as_kept(text: str) -> str:
    """Return the text without what opens something or names a person: a scanner is pointed at
    passes and badges as well, and a code is typed into whatever field is open."""
    known = name_other_code(text.strip())
    if known and known[0] in _CONFIDENTIAL:
        return f"[{known[0]}]"
    if known and known[0] == "web_address":
        return text.partition("?")[0].partition("#")[0]
    if _SIX_DIGITS.fullmatch(text):
        return "[six digits]"
    if any(without_secrets(each) != each for each in as_typed_elsewhere(text)):
        return "[pickup]"  # read by a scanner that is set to another keyboard
    return _SECRET.sub(MASK, without_secrets(text))
