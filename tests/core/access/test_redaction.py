"""What opens something is taken out of texts."""

from __future__ import annotations

import logging
import sys
from urllib.parse import quote

import pytest

from core.access.redaction import SecretsFormatter, without_secrets

SECRET = "0123456789abcdef0123456789abcdef"
PASS = f"omni:pickup:100001-1:{SECRET}"


@pytest.mark.parametrize(
    "text",
    [
        PASS,
        PASS.upper(),
        f"GET /api/v1/scan/{PASS} failed",
        f"GET /api/v1/scan/{quote(PASS, safe='')}?x=1",
        f"GET /api/v1/scan?payload={quote(quote(PASS, safe=''), safe='')}",
        f"{{'qr': '{PASS}', 'other': 1}}",
        f"two of them: {PASS} {PASS}",
        f"omni:pickup::{SECRET}",
    ],
)
def test_a_pass_keeps_the_name_of_its_parcel(text: str) -> None:
    cleaned = without_secrets(text)
    assert SECRET not in cleaned.lower()
    assert ("100001-1" in cleaned) == ("100001-1" in text)
    assert without_secrets(cleaned) == cleaned


@pytest.mark.parametrize(
    "text", ["omni:order:100001", "omni:return:7", "omni:bin:S1/A:1", "omnibus", "OMNI", ""]
)
def test_other_texts_stay(text: str) -> None:
    assert without_secrets(text) == text


def test_no_log_holds_them() -> None:
    formatter = SecretsFormatter("%(message)s")
    key = "omni_" + "k" * 43
    try:
        raise ValueError(f"{PASS} with {key}")
    except ValueError:
        failure = sys.exc_info()
    record = logging.LogRecord("x", logging.ERROR, "x", 1, "at %s", (PASS,), failure)
    written = formatter.format(record)
    assert "ValueError: omni:pickup:100001-1:*** with omni_***" in written
    assert SECRET not in written
