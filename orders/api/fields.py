"""Serializer fields of orders: money, countries."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

_AMOUNT = re.compile(r"^\d{1,10}(\.\d{1,4})?\Z", re.ASCII)


@extend_schema_field(OpenApiTypes.STR)
class MoneyField(serializers.Field):  # type: ignore[type-arg]
    """A decimal string such as "19.99". Numbers are refused, because floats round."""

    default_error_messages = {"invalid": 'Money is a decimal string such as "19.99".'}

    def to_internal_value(self, data: Any) -> Decimal:
        if not isinstance(data, str) or not _AMOUNT.match(data):
            self.fail("invalid")
        return Decimal(data)

    def to_representation(self, value: Any) -> str:
        return str(value)


class CountryField(serializers.RegexField):
    """ISO 3166-1, two letters, small ones too."""

    default_error_messages = {"not_iso": "ISO 3166 calls it GB."}

    def __init__(self, **given: Any) -> None:
        super().__init__(r"^[A-Z]{2}\Z", help_text="ISO 3166-1, two letters", **given)

    def to_internal_value(self, data: Any) -> str:
        country = super().to_internal_value(data).upper()
        if country == "UK":
            self.fail("not_iso")
        return country
