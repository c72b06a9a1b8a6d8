"""Taking out of texts what opens something: the secret of a pickup pass, API keys.

What people and scanners send may hold one in any place: a pass read into the wrong field, a key in
an address. Tables and logs get the text without it.
"""

from __future__ import annotations

import logging
import re

MASK = "***"
_COLON = r"(?::|%(?:25)*3a)"  # an address that was encoded, perhaps more than once
_PASS = re.compile(rf"(omni{_COLON}pickup{_COLON}[\w.-]*{_COLON})[^\s\"'&?#<>]+", re.IGNORECASE)
_API_KEY = re.compile(r"\bomni_[A-Za-z0-9_-]{16,}")
_PASS_IN_SQL = r"(omni:pickup:[^:]*:)\S+"


def without_secrets(text: str) -> str:
    """Return a text with each pass cut to the name of its parcel, and without API keys."""
    if "omni" not in text.lower():  # nearly all
        return text
    return _API_KEY.sub(f"omni_{MASK}", _PASS.sub(rf"\1{MASK}", text))


def without_secrets_sql(text: str) -> str:
    """Return SQL for a text expression without the secrets of passes."""
    return rf"regexp_replace({text}, '{_PASS_IN_SQL}', '\1{MASK}', 'gi')"


class SecretsFormatter(logging.Formatter):
    """Writes lines, and what failed below them, without secrets: addresses may hold a pass."""

    def format(self, record: logging.LogRecord) -> str:
        return without_secrets(super().format(record))
