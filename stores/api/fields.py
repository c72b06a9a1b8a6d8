"""Serializer fields that several endpoints share: coordinates."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class NumberField(serializers.FloatField):
    """A JSON number: not a text, not true. A whole number stays one, so that the same
    request sent again has the same fingerprint."""

    def to_internal_value(self, data: Any) -> float:
        if isinstance(data, bool) or not isinstance(data, (int, float)):
            self.fail("invalid")
        super().to_internal_value(data)
        return data


class DegreesField(NumberField):
    """Degrees of latitude or longitude."""
