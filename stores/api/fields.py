"""Fields that several doors share: points on the globe."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class DegreesField(serializers.FloatField):
    """Degrees as a JSON number: not a text (which could be NaN), not true."""

    def to_internal_value(self, data: Any) -> float:
        # A whole number beyond every float would raise OverflowError.
        if isinstance(data, bool) or not isinstance(data, (int, float)) or abs(data) > 360:
            self.fail("invalid")
        return float(data)
