"""`POST /availability/query`: what could be sold now, from where, and by when."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from core.api.fast_path import FastView, json_answer
from inventory.api.answers import KeptAnswer
from inventory.queries.available.availability import read_snapshot
from inventory.queries.lookup import find_among
from orders.api.availability_answer import render_availability
from orders.api.availability_body import AvailabilityBody, locate, read_question
from orders.queries.availability import STATES, Wanted, find_availability


class PickupAnswer(serializers.Serializer[Any]):
    available = serializers.BooleanField()
    ready_by = serializers.DateTimeField(allow_null=True)


class LocationAvailabilityAnswer(serializers.Serializer[Any]):
    location = serializers.CharField()
    sellable = serializers.IntegerField()
    pickup = PickupAnswer()
    kept = KeptAnswer(many=True, help_text="What is kept from sale there, for whom and why")


class DeliveryAnswer(serializers.Serializer[Any]):
    deliver_by = serializers.DateTimeField()


class LineAvailabilityAnswer(serializers.Serializer[Any]):
    sku = serializers.CharField()
    requested = serializers.IntegerField()
    sellable = serializers.IntegerField()
    state = serializers.ChoiceField(STATES)
    locations = LocationAvailabilityAnswer(
        many=True, help_text="Those that have some; those asked for, if any were"
    )
    delivery = DeliveryAnswer(allow_null=True)


class AvailabilityAnswer(serializers.Serializer[Any]):
    as_of = serializers.DateTimeField(help_text="Only a reservation is a promise")
    lines = LineAvailabilityAnswer(many=True)


class AvailabilityView(FastView):
    scopes = {"POST": "availability:read"}
    reads_only = True

    @extend_schema(
        operation_id="query_availability",
        request=AvailabilityBody,
        responses={200: AvailabilityAnswer},
    )
    def post(self, request: Request) -> HttpResponse:
        """Ask for many SKUs at once. Nothing is reserved."""
        body = read_question(self.json_object())
        named = body.get("locations")
        snapshot = read_snapshot(line["sku"] for line in body["lines"])
        lines = [
            Wanted(snapshot.spelt.get(line["sku"], line["sku"]), line["quantity"])
            for line in body["lines"]
        ]
        network = snapshot.network
        found = find_among(
            network,
            {},
            actor=self.actor,
            skus={},  # those that are unknown are lines of the answer
            locations={f"/locations/{index}": code for index, code in enumerate(named or ())},
            channels={"/channel": body["channel"]},
            sees=self.actor.sees_stock_at,
        )
        seen = [place for place in network.places.values() if self.actor.sees_stock_at(place.code)]
        availability = find_availability(
            at=timezone.now(),
            snapshot=snapshot,
            network=network,
            lines=lines,
            source=found.channels[body["channel"]],
            seen=seen,
            named=None if named is None else list(found.places.values()),
            destination=locate(body.get("destination")),
        )
        return json_answer(render_availability(availability, actor=self.actor))


urlpatterns = [path("availability/query", AvailabilityView.as_view())]
