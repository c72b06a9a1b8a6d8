"""`POST /availability/query`: what could be sold now, from where, and by when."""

from __future__ import annotations

from typing import Any

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from inventory.api.answers import KeptAnswer, render_kept
from inventory.moments import as_text
from inventory.queries.lookup import look_up
from omniretail.access.principal import Principal
from omniretail.doors import (
    MAX_LINES,
    ApiView,
    CodeField,
    QuantityField,
    StrictSerializer,
    StringField,
)
from orders.queries.availability import STATES, LineAvailability, Wanted, find_availability
from stores.api.fields import DegreesField
from stores.geography import locate_postal_code
from stores.queries.network import Network, Place, current_network

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


class PickupAnswer(serializers.Serializer):
    available = serializers.BooleanField()
    ready_by = serializers.DateTimeField(allow_null=True)


class LocationAvailabilityAnswer(serializers.Serializer):
    location = serializers.CharField()
    sellable = serializers.IntegerField()
    pickup = PickupAnswer()
    kept = KeptAnswer(many=True, help_text="What is kept from sale there, for whom and why")


class DeliveryAnswer(serializers.Serializer):
    deliver_by = serializers.DateTimeField()


class LineAvailabilityAnswer(serializers.Serializer):
    sku = serializers.CharField()
    requested = serializers.IntegerField()
    sellable = serializers.IntegerField()
    state = serializers.ChoiceField(STATES)
    locations = LocationAvailabilityAnswer(
        many=True, help_text="Those that have some; those asked for, if any were"
    )
    delivery = DeliveryAnswer(allow_null=True)


class AvailabilityAnswer(serializers.Serializer):
    as_of = serializers.DateTimeField(help_text="Only a reservation is a promise")
    lines = LineAvailabilityAnswer(many=True)


class AvailabilityView(ApiView):
    scopes = {"POST": "stock:read"}
    reads_only = True

    @extend_schema(
        operation_id="query_availability",
        request=AvailabilityBody,
        responses={200: AvailabilityAnswer},
    )
    def post(self, request: Request) -> Response:
        """Ask for many SKUs at once. Nothing is reserved."""
        body = self.body(AvailabilityBody)
        named = body.get("locations")
        found = look_up(
            actor=self.actor,
            skus={f"/lines/{index}/sku": line["sku"] for index, line in enumerate(body["lines"])},
            locations={f"/locations/{index}": code for index, code in enumerate(named or ())},
            channels={"/channel": body["channel"]},
        )
        at = timezone.now()
        answers = find_availability(
            lines=[Wanted(line["sku"], line["quantity"]) for line in body["lines"]],
            source=found.channels[body["channel"]],
            places=list(found.places.values()) if named else self._visible(current_network()),
            destination=_point(body.get("destination")),
            at=at,
            show_empty=named is not None,
        )
        lines = [_render(answer, actor=self.actor) for answer in answers]
        return Response({"as_of": as_text(at), "lines": lines})

    def _visible(self, network: Network) -> list[Place]:
        return [place for place in network.places.values() if self.actor.sees_location(place.code)]


def _point(destination: dict[str, Any] | None) -> tuple[float, float] | None:
    if not destination:
        return None
    if "latitude" in destination:
        return destination["latitude"], destination["longitude"]
    return locate_postal_code(destination["postal_code"], destination["country"])


def _render(answer: LineAvailability, *, actor: Principal) -> dict[str, Any]:
    return {
        "sku": answer.sku,
        "requested": answer.requested,
        "sellable": answer.sellable,
        "state": answer.state,
        "locations": [
            {
                "location": here.location,
                "sellable": here.sellable,
                "pickup": {
                    "available": here.ready_by is not None,
                    "ready_by": as_text(here.ready_by),
                },
                "kept": render_kept(here.kept, actor=actor),
            }
            for here in answer.locations
        ],
        "delivery": answer.deliver_by and {"deliver_by": as_text(answer.deliver_by)},
    }


urlpatterns = [path("availability/query", AvailabilityView.as_view())]
