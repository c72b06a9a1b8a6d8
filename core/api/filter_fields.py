"""Form fields of filters: times with their zone, booleans, several values between commas."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

CODE = (
    r"^(?!\.{1,2}$)[^\s/\\?#%\x00-\x1f\x7f](?:[^/\\?#%\x00-\x1f\x7f]*[^\s/\\?#%\x00-\x1f\x7f])?\Z"
)
NOT_A_CODE = "A code has no slash, '?', '#', '%%' or control character, no space at its ends."
MAX_VALUES = 100  # of one parameter
_RFC_3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)\Z", re.ASCII
)
NOT_A_TIME = "Write a time as RFC 3339 with its zone, such as 2026-03-29T14:00:00Z."


def read_time(text: str) -> datetime:
    """Read a time as RFC 3339 with its zone; raises ValueError for anything else."""
    if not _RFC_3339.match(text):
        raise ValueError(NOT_A_TIME)
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except OverflowError as error:
        raise ValueError(NOT_A_TIME) from error


class TimeField(forms.Field):
    def to_python(self, value: Any) -> Any:
        if value is None:
            return None
        try:
            return read_time(value)
        except ValueError as error:
            raise ValidationError(NOT_A_TIME, code="invalid") from error


class BooleanField(forms.Field):
    def to_python(self, value: Any) -> Any:
        if value is None:
            return None
        if value not in ("true", "false"):
            raise ValidationError("Say true or false.", code="invalid")
        return value == "true"


class AnyOfField(forms.Field):
    """Values between commas, each checked by the field `of`; `\\,` is a comma within a value."""

    def __init__(self, *, of: forms.Field, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.of = of

    def to_python(self, value: Any) -> Any:
        if value is None:
            return None
        parts = [part.replace("\\,", ",") for part in re.split(r"(?<!\\),", value)]
        if len(parts) > MAX_VALUES:
            raise ValidationError(f"Name at most {MAX_VALUES} values.", code="too_many")
        return list(dict.fromkeys(self.of.clean(part) for part in parts))


class CodeField(forms.CharField):
    """A code that people chose."""

    def __init__(self, *, max_length: int) -> None:
        wrong = RegexValidator(CODE, NOT_A_CODE, code="invalid_code")
        super().__init__(max_length=max_length, strip=False, validators=[wrong])
