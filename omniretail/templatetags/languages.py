"""In which language a page is written."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.translation import get_supported_language_variant
from django.utils.translation.trans_real import parse_accept_lang_header

register = template.Library()

WRITTEN = ("en", "it")  # languages that the pages of signing in have


@register.simple_tag(takes_context=True)
def preferred_language(context: dict[str, Any]) -> str:
    """Return the first language that the browser asks for and that the page is written in."""
    asked = context["request"].META.get("HTTP_ACCEPT_LANGUAGE", "")
    for code, _quality in parse_accept_lang_header(asked):
        if code.partition("-")[0] in WRITTEN:
            try:
                return get_supported_language_variant(code)
            except LookupError:
                continue
    return get_supported_language_variant("en-gb")
