"""GS1 Digital Links: web addresses that name an article. Source: GS1 Digital Link URI syntax."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, unquote, urlsplit

from inventory.barcodes.elements import checked, from_elements
from inventory.barcodes.gtin import normalise_gtin
from inventory.barcodes.scanned import BarcodeRefused, Scanned

_ATTRIBUTE = re.compile(r"[0-9]{2,4}")
# An address without its scheme, as some scanners give it.
_BARE_LINK = re.compile(
    r"[\w.-]+\.[a-z]{2,}(:[0-9]+)?/.*/?(01|gtin)/[0-9]{8,14}\b.*", re.IGNORECASE
)
# The names that addresses of the first release had.
_NAMED = {"gtin": "01", "itip": "8006", "cpv": "22", "lot": "10", "ser": "21", "exp": "17"}


def is_link(text: str) -> bool:
    return text.lower().startswith(("https://", "http://")) or bool(_BARE_LINK.fullmatch(text))


def from_link(text: str) -> Scanned:
    """https://any.host/any/path/01/GTIN/22/…/10/LOT/21/SERIAL?17=261231&…"""
    try:
        link = urlsplit(text if "://" in text else f"https://{text}")
    except ValueError as error:
        raise BarcodeRefused("bad_link", "This web address cannot be read.") from error
    steps = [unquote(step) for step in link.path.rstrip("/").split("/")]
    if "gtin" in steps:
        named = slice(steps.index("gtin"), None, 2)
        steps[named] = [_NAMED.get(step, step) for step in steps[named]]
    # The last "/01/" that a number follows; the path before it is the host's own.
    at = max((n for n in range(len(steps) - 1) if steps[n] == "01"), default=None)
    if at is None:
        raise BarcodeRefused("no_gtin", "This web address names no trade item: /01/ is missing.")
    pairs = list(zip(steps[at + 2 :: 2], steps[at + 3 :: 2], strict=False))
    if len(steps[at:]) % 2:
        raise BarcodeRefused("bad_link", f"{steps[-1][:20]!r} has no value in this web address.")
    # Attributes that are no GS1 identifiers, such as utm_source, say nothing about the goods.
    pairs += [(key, value) for key, value in parse_qsl(link.query) if _ATTRIBUTE.fullmatch(key)]
    elements = [("01", normalise_gtin(steps[at + 1])), *(checked(*pair) for pair in pairs)]
    return from_elements(elements, kind="digital_link")
