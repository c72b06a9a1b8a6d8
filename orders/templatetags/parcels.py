"""What templates of parcels look up."""

from __future__ import annotations

from collections.abc import Mapping

from django import template

register = template.Library()


@register.filter
def of(names: Mapping[int, str], key: int) -> str:
    """Return the value of a key: `{{ names|of:parcel.pk }}`."""
    return names.get(key, "")
