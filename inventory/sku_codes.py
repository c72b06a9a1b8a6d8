"""What a SKU code may be, and when two of them are one. Pure.

A code is written as the retailer writes it: `0042`, `210001/46`, `AC#1`. Two codes are one when
people cannot tell them apart: by case, spaces, Unicode form (full width, composed or not), by
characters that are not seen, or by letters of other scripts and dashes that look the same. Letters
and digits stay apart: `A0` and `AO` are often both in use.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

MAX_LENGTH = 64  # characters

# Capital letters that look as a Latin one does, and punctuation that stands for ASCII's. A short
# table on purpose: Unicode's holds 6,000 pairs, and O and 0 are one in it.
_LOOK_ALIKE = str.maketrans(
    dict(zip("АВЕЅІЈКМНОРСТУХҮԚԜ", "ABESIJKMHOPCTYXYQW", strict=True))  # Cyrillic
    | dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX", strict=True))  # Greek
    | dict.fromkeys("‐‑‒–—―−﹘﹣", "-")
    | dict.fromkeys("‘’‚‛′ʼ`´", "'")
    | dict.fromkeys("“”„‟″", '"')
    | dict.fromkeys("⁄∕", "/")
    | {"×": "X"}
)
# Seen as nothing or as a space, beside all that Unicode calls a format or a control.
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u2800\u3164\uffa0") | {
    chr(point) for point in (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
}
_UNSEEN_KINDS = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_SEGMENT = re.compile(r"(^|/)\.{0,2}(/|$)")
_SPACES = re.compile(r"\s+")
_NUMBER = re.compile(r"\d+[.,]\d+E\+\d+", re.IGNORECASE)


class BadSkuCode(ValueError):
    """A text that is no SKU code; the words say why."""


def check_sku_code(code: str) -> str:
    """Return a new code as it is. Raises `BadSkuCode`.

    It can stand in the path of an address, percent-encoded: `/`, `#` and `%` may be in it, but not
    what a proxy would change on its way.
    """
    if not code or len(code) > MAX_LENGTH:
        raise BadSkuCode(f"A SKU code has 1 to {MAX_LENGTH} characters.")
    if code != code.strip():
        raise BadSkuCode("A SKU code has no space at its ends.")
    if unseen := [character for character in code if _is_unseen(character)]:
        raise BadSkuCode(
            f"A SKU code has no characters that cannot be seen, as U+{ord(unseen[0]):04X} here."
        )
    if "\\" in code or "?" in code:
        raise BadSkuCode("A SKU code has no backslash and no question mark.")
    if _SEGMENT.search(code):
        raise BadSkuCode("A SKU code has no slash at its ends, and no empty part, '.' or '..'.")
    if _NUMBER.fullmatch(code):
        raise BadSkuCode("This is a number as a spreadsheet shortens it: give the whole code.")
    return code


@lru_cache(maxsize=65_536)
def sku_key(code: str) -> str:
    """Return what all codes that are one have in common; not for people to read."""
    if code.isascii() and code.isprintable():
        return _SPACES.sub(" ", code.strip()).upper().replace("`", "'")
    text = unicodedata.normalize("NFKC", code)
    text = "".join(c for c in text if c.isspace() or not _is_unseen(c))
    text = unicodedata.normalize("NFC", text.casefold().upper()).translate(_LOOK_ALIKE)
    return _SPACES.sub(" ", text.strip())


def _is_unseen(character: str) -> bool:
    return character in _UNSEEN or unicodedata.category(character) in _UNSEEN_KINDS
