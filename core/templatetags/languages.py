"""`{% preferred_language as code %}`: in which language a page is written."""

from __future__ import annotations

from typing import Any

from django import template

from core.pages import languages

register = template.Library()


@register.simple_tag(takes_context=True)
def preferred_language(context: dict[str, Any]) -> str:
    return languages.preferred_language(context["request"])
