"""Fields and bodies of the API that take exactly what the contract says."""

from __future__ import annotations

import re
from typing import Any

from django.core.validators import EmailValidator, RegexValidator
from rest_framework import serializers

from core.access.redaction import without_secrets
from core.api.filter_fields import CODE, NOT_A_CODE

MAX_QUANTITY = 1_000_000  # units in one line; beyond it is a slip of the keyboard
MAX_ITEMS = 1_000  # items in a bulk call
MAX_LINES = 500  # lines of an order


class StrictSerializer(serializers.Serializer[Any]):
    """A body in which every field is known: a misspelt field is an error, not a default."""

    default_error_messages = {"unknown_field": "This field is not known here."}

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            unknown = [name for name in data if name not in self.fields]
            if unknown:
                raise serializers.ValidationError(
                    {
                        str(name)[:64]: [
                            serializers.ErrorDetail(
                                str(self.error_messages["unknown_field"]), code="unknown_field"
                            )
                        ]
                        for name in unknown
                    }
                )
        return super().to_internal_value(data)


class EmptyBody(StrictSerializer):
    """An empty object: members are refused, not ignored."""


class StringField(serializers.CharField):
    """A JSON string: a number or a boolean is an error, not a text.

    A pickup pass that was read into it comes without its secret; `is_secret`: as it was sent.
    """

    def __init__(self, *, is_secret: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.is_secret = is_secret

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        text: str = super().to_internal_value(data)
        return text if self.is_secret else without_secrets(text)


class _EmailValidator(EmailValidator):
    """Django's, for names with letters of every script (RFC 6531)."""

    user_regex = re.compile(
        r"^[-!#$%&'*+/=?^_`{}|~0-9A-Z\u0080-\U0010ffff]+"
        r"(\.[-!#$%&'*+/=?^_`{}|~0-9A-Z\u0080-\U0010ffff]+)*\Z",
        re.IGNORECASE,
    )


class EmailField(serializers.EmailField):
    """An address of e-mail, of any script."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validators = [
            _EmailValidator(message=self.error_messages["invalid"])
            if isinstance(validator, EmailValidator)
            else validator
            for validator in self.validators
        ]


class CodeField(StringField):
    """A code that people chose: 1 to 64 characters that can stand in a URL's path."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 64)
        kwargs.setdefault("trim_whitespace", False)
        super().__init__(**kwargs)
        self.validators.append(RegexValidator(CODE, NOT_A_CODE, code="invalid_code"))


class StrictIntegerField(serializers.IntegerField):
    """A JSON whole number: not a text, not 2.0, not true."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return super().to_internal_value(data)


class QuantityField(StrictIntegerField):
    """Whole units, from 1 to a million."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("min_value", 1)
        kwargs.setdefault("max_value", MAX_QUANTITY)
        super().__init__(**kwargs)


class StrictBooleanField(serializers.BooleanField):
    """JSON true or false: not "yes", not 1."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data
