"""The question for availability: checked here, by either way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from rest_framework import serializers

from core.api.views import (
    CODE,
    MAX_LINES,
    MAX_QUANTITY,
    CodeField,
    QuantityField,
    StrictSerializer,
    StringField,
)
from stores.api.fields import DegreesField
from stores.geography import locate_postal_code

MAX_LOCATIONS = 500


class WantedBody(StrictSerializer):
    sku = CodeField()
    quantity = QuantityField()


class DestinationBody(StrictSerializer):
    """A point, or a postal code whose centre is looked up."""

    latitude = DegreesField(min_value=-90, max_value=90, required=False)
    longitude = DegreesField(min_value=-180, max_value=180, required=False)
    postal_code = StringField(max_length=32, required=False)
    country = StringField(min_length=2, max_length=2, required=False, help_text="ISO 3166: GB")

    def validate(self, attrs: Any) -> Any:
        point, code = {"latitude", "longitude"}, {"postal_code", "country"}
        if not (point <= attrs.keys() or (code <= attrs.keys() and not point & attrs.keys())):
            raise serializers.ValidationError(
                "Give latitude and longitude, or postal_code and country.", code="no_place"
            )
        return attrs


class AvailabilityBody(StrictSerializer):
    channel = CodeField()
    lines = serializers.ListField(child=WantedBody(), min_length=1, max_length=MAX_LINES)
    destination = DestinationBody(required=False, allow_null=True)
    locations = serializers.ListField(
        child=CodeField(), min_length=1, max_length=MAX_LOCATIONS, required=False
    )


Code = Annotated[str, Meta(min_length=1, max_length=64, pattern=CODE)]


class _Line(Struct, frozen=True, forbid_unknown_fields=True):
    sku: Code
    quantity: Annotated[int, Meta(ge=1, le=MAX_QUANTITY)]


class _Destination(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    latitude: Annotated[float, Meta(ge=-90, le=90)] | UnsetType = UNSET
    longitude: Annotated[float, Meta(ge=-180, le=180)] | UnsetType = UNSET
    postal_code: Annotated[str, Meta(max_length=32, pattern=r"^\S(?s:.*\S)?\Z")] | UnsetType = UNSET
    country: Annotated[str, Meta(pattern=r"^\S\S\Z")] | UnsetType = UNSET

    @property
    def is_one_place(self) -> bool:
        point = (self.latitude is not UNSET, self.longitude is not UNSET)
        code = (self.postal_code is not UNSET, self.country is not UNSET)
        return all(point) or (all(code) and not any(point))


class SureQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """A question that `AvailabilityBody` would surely accept."""

    channel: Code
    lines: Annotated[list[_Line], Meta(min_length=1, max_length=MAX_LINES)]
    destination: _Destination | None = None


def read_sure_query(data: Mapping[str, Any]) -> SureQuery | None:
    """Return a question that is surely right; None for one that must be looked at closely.

    Questions for named locations are asked seldom, and are among the latter.
    """
    try:
        asked = msgspec.convert(data, SureQuery)
    except msgspec.ValidationError:
        return None
    if asked.destination is not None and not asked.destination.is_one_place:
        return None
    return asked


def locate(destination: Mapping[str, Any] | None) -> tuple[float, float] | None:
    """Return latitude and longitude in degrees; None where nobody said or nobody knows."""
    if not destination:
        return None
    if "latitude" in destination:
        return destination["latitude"], destination["longitude"]
    return locate_postal_code(destination["postal_code"], destination["country"])


# See `sure_order`: types are prepared here, where no other thread can meet them.
read_sure_query({})
