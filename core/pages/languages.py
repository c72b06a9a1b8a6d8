"""In which language a person reads the pages of signing in."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import get_supported_language_variant
from django.utils.translation.trans_real import parse_accept_lang_header

WRITTEN = ("en", "it")
OTHERWISE = "en-gb"


def preferred_language(request: HttpRequest) -> str:
    """Return the first language that the browser asks for and that the pages are written in."""
    for code, _quality in parse_accept_lang_header(request.headers.get("Accept-Language", "")):
        if code.partition("-")[0] in WRITTEN:
            try:
                return get_supported_language_variant(code)
            except LookupError:
                continue
    return OTHERWISE
