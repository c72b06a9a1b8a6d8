"""Serializer fields that stock endpoints share: times, references, differences."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.api.fields import MAX_QUANTITY, StrictIntegerField, StringField
from core.api.filter_fields import NOT_A_TIME, read_time
from core.problems.catalogue import ValidationFailed


@extend_schema_field(OpenApiTypes.DATETIME)
class MomentField(serializers.Field):  # type: ignore[type-arg]
    """A time as RFC 3339 with its zone: `2026-03-29T14:00:00Z` or `…+01:00`."""

    default_error_messages = {"invalid": NOT_A_TIME}

    def to_internal_value(self, data: Any) -> datetime:
        if not isinstance(data, str):
            self.fail("invalid")
        try:
            return read_time(data)
        except ValueError:
            self.fail("invalid")

    def to_representation(self, value: Any) -> Any:
        return value


EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)  # an earlier time means a wrong clock
FAST_CLOCK = timedelta(minutes=5)  # accepted error of a device's clock


class PastMomentAsSentField(MomentField):
    """A time in the past, or ahead of now by a device's clock error."""

    def to_internal_value(self, data: Any) -> datetime:
        value = super().to_internal_value(data)
        if not EARLIEST <= value <= timezone.now() + FAST_CLOCK:
            raise serializers.ValidationError(
                "This was in the past, and after 2000.", code="not_in_the_past"
            )
        return value


class PastMomentField(PastMomentAsSentField):
    """A time in the past; one that is ahead by a device's clock error counts as now."""

    def to_internal_value(self, data: Any) -> datetime:
        return min(super().to_internal_value(data), timezone.now())


class ReferenceField(StringField):
    """The client's own name for an act: up to 128 characters of text."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=128, trim_whitespace=False, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        reference = super().to_internal_value(data)
        if not self.allow_blank and not reference.strip():
            self.fail("blank")
        return reference


class CategoryField(StringField):
    """A category as the retailer names it: up to 100 characters, compared exactly."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=100, **kwargs)


class DifferenceField(StrictIntegerField):
    """Whole units, up to a million either way."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=-MAX_QUANTITY, max_value=MAX_QUANTITY, **kwargs)


def refuse_duplicates(lines: Sequence[dict[str, Any]]) -> None:
    """Refuse two absolute figures for one SKU at one location, of which one must be wrong."""
    seen: set[tuple[str, str]] = set()
    errors = []
    for index, line in enumerate(lines):
        pair = (line["sku"], line["location"])
        if pair in seen:
            errors.append(
                {
                    "pointer": f"/lines/{index}",
                    "detail": f"There is a line for {pair[0]} at {pair[1]} already.",
                    "code": "duplicate_line",
                }
            )
        seen.add(pair)
    if errors:
        raise ValidationFailed(errors)
