"""`POST /availability/query`: what could be sold now, from where, and by when."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from msgspec import to_builtins
from rest_framework import serializers
from rest_framework.request import Request

from core.access.principal import Principal
from core.api.views import ApiView
from inventory.api.answers import KeptAnswer
from inventory.queries.available.availability import read_shelves
from inventory.queries.lookup import look_up
from orders.api.availability_answer import write_answer
from orders.api.availability_body import AvailabilityBody, locate, read_sure_query
from orders.queries.availability import STATES, Wanted, find_availability
from stores.queries.network import Network, Place, network_at


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
    def post(self, request: Request) -> HttpResponse:
        """Ask for many SKUs at once. Nothing is reserved."""
        body = self.body(AvailabilityBody)
        named = body.get("locations")
        found = look_up(
            actor=self.actor,
            skus={f"/lines/{index}/sku": line["sku"] for index, line in enumerate(body["lines"])},
            locations={f"/locations/{index}": code for index, code in enumerate(named or ())},
            channels={"/channel": body["channel"]},
        )
        lines = [Wanted(line["sku"], line["quantity"]) for line in body["lines"]]
        shelves = read_shelves(line.sku for line in lines)
        return _answer(
            actor=self.actor,
            shelves=shelves,
            lines=lines,
            source=found.channels[body["channel"]],
            places=list(found.places.values())
            if named
            else _visible(network_at(shelves.revision), self.actor),
            destination=locate(body.get("destination")),
            show_empty=named is not None,
        )


def query_availability(
    request: HttpRequest, data: dict[str, Any], actor: Principal
) -> HttpResponse | None:
    """Answer by the express lane, in one statement, what is surely right; None for all else."""
    asked = read_sure_query(data)
    if asked is None:
        return None
    lines = [Wanted(line.sku, line.quantity) for line in asked.lines]
    shelves = read_shelves(line.sku for line in lines)
    network = network_at(shelves.revision)
    source = network.channels.get(asked.channel)
    known = all(line.sku in shelves.skus for line in lines)
    if source is None or not actor.sees_channel(source.code) or not known:
        return None
    return _answer(
        actor=actor,
        shelves=shelves,
        lines=lines,
        source=source,
        places=_visible(network, actor),
        destination=asked.destination and locate(to_builtins(asked.destination)),
    )


def _visible(network: Network, actor: Principal) -> list[Place]:
    return [place for place in network.places.values() if actor.sees_location(place.code)]


def _answer(*, actor: Principal, **asked: Any) -> HttpResponse:
    found = find_availability(at=timezone.now(), **asked)
    return HttpResponse(write_answer(found, actor=actor), content_type="application/json")


urlpatterns = [path("availability/query", AvailabilityView.as_view())]
