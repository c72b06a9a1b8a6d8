"""`/transfers`: stock on its way between locations. Receiving it is orders' door."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import HttpResponse
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from inventory.api.reservations import NoBody
from inventory.choices import TransferState
from inventory.commands.transfer import cancel_transfer, dispatch_transfer, draft_transfer
from inventory.queries.lookup import look_up
from inventory.queries.transfers import as_id, transfer_documents, visible_transfers
from omniretail.doors import (
    MAX_ITEMS,
    ApiView,
    CodeField,
    ListQuery,
    QuantityField,
    StrictSerializer,
    listed,
    page,
)
from omniretail.problems import NotFound, ValidationFailed


class TransferLineBody(StrictSerializer):
    sku = CodeField()
    quantity = QuantityField()


# `from` is a word of Python, so these fields cannot be attributes of a class body.
TransferBody = type(
    "TransferBody",
    (StrictSerializer,),
    {
        "from": CodeField(),
        "to": CodeField(),
        "lines": serializers.ListField(
            child=TransferLineBody(), min_length=1, max_length=MAX_ITEMS
        ),
    },
)


class TransferLineAnswer(serializers.Serializer):
    sku = serializers.CharField()
    quantity = serializers.IntegerField()
    received = serializers.IntegerField()
    lost = serializers.IntegerField()


TransferAnswer = type(
    "TransferAnswer",
    (serializers.Serializer,),
    {
        "id": serializers.CharField(),
        "from": serializers.CharField(),
        "to": serializers.CharField(),
        "state": serializers.ChoiceField(TransferState.choices),
        "lines": TransferLineAnswer(many=True),
        "created_at": serializers.DateTimeField(),
        "dispatched_at": serializers.DateTimeField(allow_null=True),
        "received_at": serializers.DateTimeField(allow_null=True),
        "allowed_actions": serializers.ListField(child=serializers.CharField()),
    },
)


class TransferQuery(ListQuery):
    location = CodeField(required=False, help_text="Where it leaves or arrives")
    state = serializers.ChoiceField(TransferState.choices, required=False)


class TransfersView(ApiView):
    scopes = {"GET": "stock:read", "POST": "stock:write"}

    @extend_schema(
        operation_id="list_transfers",
        parameters=[TransferQuery],
        responses={200: listed(TransferAnswer)},
    )
    def get(self, request: Request) -> Response:
        """List transfers, the newest first."""
        filters = self.filters(TransferQuery)
        rows = visible_transfers(self.actor)
        if "location" in filters:
            code = filters["location"]
            rows = rows.filter(Q(source__code=code) | Q(destination__code=code))
        if "state" in filters:
            rows = rows.filter(state=filters["state"])
        return page(
            request, rows, key="pk", filters=filters, render=transfer_documents, newest_first=True
        )

    @extend_schema(
        operation_id="draft_transfer", request=TransferBody, responses={201: TransferAnswer}
    )
    def post(self, request: Request) -> HttpResponse:
        """Write down a transfer. Nothing moves until it is dispatched."""
        body = self.body(TransferBody)
        if body["from"] == body["to"]:
            raise ValidationFailed.at(
                "/to", "A transfer goes to another location.", "same_location"
            )

        def effect() -> tuple[int, Any]:
            found = look_up(
                actor=self.actor,
                locations={"/from": body["from"], "/to": body["to"]},
                skus={
                    f"/lines/{index}/sku": line["sku"] for index, line in enumerate(body["lines"])
                },
            )
            units: dict[int, int] = {}
            for line in body["lines"]:
                sku_id = found.sku_ids[line["sku"]]
                units[sku_id] = units.get(sku_id, 0) + line["quantity"]
            return 201, draft_transfer(
                source=found.places[body["from"]],
                destination=found.places[body["to"]],
                units=units,
                actor=self.actor,
            )

        return self.act(effect)


class TransferView(ApiView):
    scopes = {"GET": "stock:read"}

    @extend_schema(operation_id="get_transfer", responses={200: TransferAnswer})
    def get(self, request: Request, identity: str) -> Response:
        """Show a transfer."""
        found = transfer_documents(visible_transfers(self.actor).filter(pk=as_id(identity)))
        if not found:
            raise NotFound("There is no such transfer.")
        return Response(found[0])


class TransferDispatchView(ApiView):
    scopes = {"POST": "stock:write"}

    @extend_schema(
        operation_id="dispatch_transfer", request=NoBody, responses={200: TransferAnswer}
    )
    def post(self, request: Request, identity: str) -> HttpResponse:
        """Let the goods leave the source, all lines or none."""
        self.body(NoBody)
        return self.act(lambda: (200, dispatch_transfer(identity=identity, actor=self.actor)))


class TransferCancellationView(ApiView):
    scopes = {"POST": "stock:write"}

    @extend_schema(operation_id="cancel_transfer", request=NoBody, responses={200: TransferAnswer})
    def post(self, request: Request, identity: str) -> HttpResponse:
        """Give up a draft."""
        self.body(NoBody)
        return self.act(lambda: (200, cancel_transfer(identity=identity, actor=self.actor)))


urlpatterns = [
    path("transfers", TransfersView.as_view()),
    path("transfers/<str:identity>", TransferView.as_view()),
    path("transfers/<str:identity>/dispatch", TransferDispatchView.as_view()),
    path("transfers/<str:identity>/cancel", TransferCancellationView.as_view()),
]
