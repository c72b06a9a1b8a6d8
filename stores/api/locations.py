"""`/locations`: buildings with hours and capabilities."""

from __future__ import annotations

import json
from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.access.permissions import refuse_tied
from core.api.fields import CodeField, StrictIntegerField, StrictSerializer, StringField
from core.api.filters import UPDATED_AT
from core.api.views import ApiView, Expect, listed, tagged
from core.database.updated_at import exact_text
from core.problems.catalogue import ValidationFailed
from stores.api.fields import DegreesField
from stores.api.filters import LocationFilters
from stores.choices import CAPABILITIES, LocationKind
from stores.commands.locations import LocationFacts, put_location
from stores.hours import is_timezone, validate_hours
from stores.models import Location
from stores.queries.finding import find_location

ADDRESS_LIMIT = 8_192  # characters of JSON


class AddressField(serializers.DictField):
    """A postal address as the retailer writes it; the service only shows it."""

    def to_internal_value(self, data: Any) -> Any:
        address = super().to_internal_value(data)
        if len(json.dumps(address)) > ADDRESS_LIMIT:
            raise serializers.ValidationError("The address is too long.", code="too_long")
        return address


@extend_schema_field(
    {
        "type": "object",
        "additionalProperties": {
            "type": "array",
            "items": {
                "type": "array",
                "items": {"type": "string"},
                "minItems": 2,
                "maxItems": 2,
            },
        },
    }
)
class HoursField(serializers.JSONField):
    """Days or dates with their intervals; `validate_hours` says what is wrong with them."""


class LocationBody(StrictSerializer):
    name = StringField(max_length=200)
    kind = serializers.ChoiceField(LocationKind.choices)
    timezone = StringField(max_length=64, help_text="IANA name: Europe/London")
    latitude = DegreesField(min_value=-90, max_value=90, required=False, allow_null=True)
    longitude = DegreesField(min_value=-180, max_value=180, required=False, allow_null=True)
    address = AddressField(required=False)
    capabilities = serializers.ListField(
        child=serializers.ChoiceField([(name, name) for name in CAPABILITIES]), max_length=8
    )
    priority = StrictIntegerField(
        min_value=0, max_value=1_000_000, required=False, help_text="Lower is asked first"
    )
    hours = HoursField(
        required=False, help_text='{"mon": [["09:00", "18:00"]], …}; {} is always open'
    )
    exceptions = HoursField(required=False, help_text='{"2026-12-25": []}: closed on that day')

    def validate_timezone(self, value: str) -> str:
        if not is_timezone(value):
            raise serializers.ValidationError(
                "This is not a time zone of the IANA database, such as Europe/London.",
                code="unknown_timezone",
            )
        return value

    def validate(self, attrs: Any) -> Any:
        if (attrs.get("latitude") is None) != (attrs.get("longitude") is None):
            raise serializers.ValidationError(
                {"latitude": "Give latitude and longitude, or neither."}, code="half_a_point"
            )
        wrong = validate_hours(attrs.get("hours", {}), attrs.get("exceptions", {}))
        if wrong:
            raise ValidationFailed(
                [
                    {"pointer": pointer, "detail": detail, "code": "invalid_hours"}
                    for pointer, detail in wrong
                ]
            )
        return attrs


class LocationAnswer(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(LocationKind.choices)
    timezone = serializers.CharField()
    latitude = serializers.FloatField(allow_null=True)
    longitude = serializers.FloatField(allow_null=True)
    address = serializers.DictField()
    capabilities = serializers.ListField(
        child=serializers.ChoiceField([(name, name) for name in CAPABILITIES])
    )
    priority = serializers.IntegerField()
    hours = serializers.DictField()
    exceptions = serializers.DictField()
    updated_at = serializers.DateTimeField(help_text=UPDATED_AT)


class LocationsView(ApiView):
    scopes = {"GET": "catalogue:read"}
    filterset_class = LocationFilters

    @extend_schema(operation_id="list_locations", responses={200: listed(LocationAnswer)})
    def get(self, request: Request) -> Response:
        """List locations."""
        return self.page(
            Location.objects.visible_to(self.actor),
            render=lambda found: [render_location(location) for location in found],
        )


class LocationView(ApiView):
    scopes = {"GET": "catalogue:read", "PUT": "network:write"}
    has_etag = True

    @extend_schema(operation_id="get_location", responses={200: LocationAnswer})
    def get(self, request: Request, code: str) -> Response:
        """Show a location."""
        location = find_location(code, actor=self.actor)
        return tagged(render_location(location), location.version)

    @extend_schema(
        operation_id="put_location",
        request=LocationBody,
        responses={200: LocationAnswer, 201: LocationAnswer},
    )
    def put(self, request: Request, code: str) -> Response:
        """Create or replace a location: its address, hours and capabilities."""
        refuse_tied(self.actor)
        code = CodeField().run_validation(code)
        body = self.body(LocationBody)
        facts = LocationFacts(**body | {"capabilities": tuple(body["capabilities"])})

        def put(expect: Expect) -> tuple[Location, bool]:
            location, created = put_location(
                code=code, facts=facts, actor=self.actor, expect=expect
            )
            location.refresh_from_db(fields=["updated_at"])
            return location, created

        return self.replace(put, render=render_location)


def render_location(location: Location) -> dict[str, Any]:
    return {
        "code": location.code,
        "name": location.name,
        "kind": location.kind,
        "timezone": location.timezone,
        "latitude": location.latitude,
        "longitude": location.longitude,
        "address": location.address,
        "capabilities": location.capabilities,
        "priority": location.priority,
        "hours": location.hours,
        "exceptions": location.exceptions,
        "updated_at": exact_text(location.updated_at),
    }


urlpatterns = [
    path("locations", LocationsView.as_view()),
    path("locations/<str:code>", LocationView.as_view()),
]
