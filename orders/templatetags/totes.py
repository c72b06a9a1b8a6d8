"""Totes in templates."""

from __future__ import annotations

from django import template

from orders.pages.totes import letter_of

register = template.Library()
register.filter("letter", letter_of)
