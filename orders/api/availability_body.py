"""The question for availability."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from core.api.decoding import Decoder
from core.api.fields import MAX_LINES, CodeField, QuantityField, StrictSerializer, StringField
from inventory.api.fields import SkuField
from stores.api.fields import DegreesField
from stores.geography import locate_postal_code

MAX_LOCATIONS = 500


class WantedBody(StrictSerializer):
    sku = SkuField()
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


read_question = Decoder(AvailabilityBody)


def locate(destination: Mapping[str, Any] | None) -> tuple[float, float] | None:
    """Return latitude and longitude in degrees; None where it is not given or not known."""
    if not destination:
        return None
    if "latitude" in destination:
        return destination["latitude"], destination["longitude"]
    return locate_postal_code(destination["postal_code"], destination["country"])
