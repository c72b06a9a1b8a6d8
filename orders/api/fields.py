"""Serializer fields of orders: money."""

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
