"""What the feed can be asked."""

from __future__ import annotations

from django import forms
from django.core.validators import RegexValidator

from core.api.filters import FilterSet, Several, Whole

_TYPE = r"^[a-z_]+\.(?:[a-z_]+|\*)\Z"
_NOT_A_TYPE = "Name event types between commas, such as order.placed,fulfilment.*"


class Types(Several):
    """Event types; `order.*` is a whole family."""

    def __init__(self) -> None:
        name = forms.CharField(
            max_length=64, validators=[RegexValidator(_TYPE, _NOT_A_TYPE, code="type")]
        )
        shape = {"type": "string", "maxLength": 64, "pattern": _TYPE.replace(r"\Z", "$")}
        super().__init__(None, name, shape)


class FeedFilters(FilterSet):
    cursor = None  # type: ignore[assignment]  # the feed is followed by its numbers

    after = Whole(help_text="The last sequence seen; 0 or nothing: from the beginning")
    types = Types()
