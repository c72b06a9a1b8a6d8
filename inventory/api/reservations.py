"""`/reservations`: units held for carts."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.fields import (
    MAX_LINES,
    CodeField,
    EmptyBody,
    QuantityField,
    StrictIntegerField,
    StrictSerializer,
)
from core.api.views import ApiView
from inventory.api.fields import ReferenceField, SkuField
from inventory.choices import ReservationState
from inventory.commands.reserve import MAX_TTL, Cart, extend_hold, hold_stock, release_hold
from inventory.queries.lookup import look_up
from inventory.queries.reservations import find_reservation, reservation_documents
from inventory.spreading import Want


class TtlField(StrictIntegerField):
    """Seconds from now, at most four hours."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=MAX_TTL, **kwargs)


class ReservationLineBody(StrictSerializer):
    sku = SkuField()
    quantity = QuantityField()
    location = CodeField(required=False, help_text="Only from here; else the service chooses")


class ReservationBody(StrictSerializer):
    channel = CodeField()
    reference = ReferenceField()
    ttl_seconds = TtlField()
    lines = serializers.ListField(child=ReservationLineBody(), min_length=1, max_length=MAX_LINES)


class ExtensionBody(StrictSerializer):
    ttl_seconds = TtlField()


class ReservationLineAnswer(serializers.Serializer[Any]):
    sku = serializers.CharField()
    quantity = serializers.IntegerField()
    location = serializers.CharField()
    state = serializers.ChoiceField(ReservationState.choices)


class ReservationAnswer(serializers.Serializer[Any]):
    id = serializers.CharField()
    channel = serializers.CharField()
    reference = serializers.CharField()
    state = serializers.ChoiceField(ReservationState.choices)
    expires_at = serializers.DateTimeField()
    lines = ReservationLineAnswer(many=True)
    allowed_actions = serializers.ListField(child=serializers.CharField())


class ReservationsView(ApiView):
    scopes = {"POST": "reservations:write"}

    @extend_schema(
        operation_id="reserve_stock", request=ReservationBody, responses={201: ReservationAnswer}
    )
    def post(self, request: Request) -> HttpResponse:
        """Reserve goods for a cart, all lines or none.

        A line without a location may come from several: the fewest are chosen, then by
        priority, then by code. `insufficient_stock` lists the lines that cannot be reserved.
        """
        body = self.body(ReservationBody)

        def effect() -> tuple[int, Any]:
            lines = body["lines"]
            found = look_up(
                actor=self.actor,
                channels={"/channel": body["channel"]},
                skus={f"/lines/{index}/sku": line["sku"] for index, line in enumerate(lines)},
                locations={
                    f"/lines/{index}/location": line["location"]
                    for index, line in enumerate(lines)
                    if "location" in line
                },
                sees=self.actor.sees_location,
            )
            cart = Cart(
                channel=found.channels[body["channel"]],
                reference=body["reference"],
                ttl_seconds=body["ttl_seconds"],
                wants=[
                    Want(found.skus[line["sku"]].code, line["quantity"], line.get("location"))
                    for line in lines
                ],
            )
            return 201, hold_stock(cart=cart, actor=self.actor)

        return self.act(effect)


class ReservationView(ApiView):
    scopes = {"GET": "reservations:write"}

    @extend_schema(operation_id="get_reservation", responses={200: ReservationAnswer})
    def get(self, request: Request, identity: str) -> Response:
        """Show a cart's reservation, live or ended."""
        group = find_reservation(identity, actor=self.actor)
        return Response(reservation_documents([group.pk])[group.pk])


class ReservationExtensionView(ApiView):
    scopes = {"POST": "reservations:write"}

    @extend_schema(
        operation_id="extend_reservation",
        request=ExtensionBody,
        responses={200: ReservationAnswer},
    )
    def post(self, request: Request, identity: str) -> HttpResponse:
        """Extend a cart's reservation to so many seconds from now."""
        body = self.body(ExtensionBody)

        def effect() -> tuple[int, Any]:
            group = find_reservation(identity, actor=self.actor)
            return 200, extend_hold(group=group, ttl_seconds=body["ttl_seconds"])

        return self.act(effect)


class ReservationReleaseView(ApiView):
    scopes = {"POST": "reservations:write"}

    @extend_schema(
        operation_id="release_reservation", request=EmptyBody, responses={200: ReservationAnswer}
    )
    def post(self, request: Request, identity: str) -> HttpResponse:
        """Release a cart's reservation."""
        self.body(EmptyBody)

        def effect() -> tuple[int, Any]:
            group = find_reservation(identity, actor=self.actor)
            return 200, release_hold(group=group, actor=self.actor)

        return self.act(effect)


urlpatterns = [
    path("reservations", ReservationsView.as_view()),
    path("reservations/<str:identity>", ReservationView.as_view()),
    path("reservations/<str:identity>/extend", ReservationExtensionView.as_view()),
    path("reservations/<str:identity>/release", ReservationReleaseView.as_view()),
]
