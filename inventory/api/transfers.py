"""`/transfers`: stock on its way between locations."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.fields import MAX_ITEMS, CodeField, QuantityField, StrictSerializer
from core.api.filters import UPDATED_AT
from core.api.views import ApiView, listed
from core.idempotency.execute import retry_conflicts
from core.problems.catalogue import NotFound, ValidationFailed
from inventory.api.filters import TransferFilters
from inventory.api.reservations import NoBody
from inventory.api.scan_body import SCAN_KEY, ScansBody
from inventory.choices import TransferState, TransferVerdict
from inventory.commands.transfers.scan_transfer import scan_transfer
from inventory.commands.transfers.transfer import cancel_transfer, draft_transfer
from inventory.queries.lookup import look_up
from inventory.queries.scan import Read
from inventory.queries.transfers import as_id, transfer_documents, visible_transfers


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
    left_behind = serializers.IntegerField(help_text="Drafted, but not loaded")
    surplus = serializers.IntegerField(help_text="Taken in beyond what was sent")
    damaged = serializers.IntegerField(help_text="Of what arrived")
    loaded = serializers.IntegerField(help_text="Scanned at the source")
    unloaded = serializers.IntegerField(help_text="Scanned on arrival, not received yet")


TransferAnswer = type(
    "TransferAnswer",
    (serializers.Serializer,),
    {
        "id": serializers.CharField(),
        "from": serializers.CharField(),
        "to": serializers.CharField(),
        "state": serializers.ChoiceField(TransferState.choices),
        "reference": serializers.CharField(help_text="For whom it travels; empty: for the shelf"),
        "lines": TransferLineAnswer(many=True),
        "created_at": serializers.DateTimeField(),
        "dispatched_at": serializers.DateTimeField(allow_null=True),
        "received_at": serializers.DateTimeField(allow_null=True),
        "updated_at": serializers.DateTimeField(help_text=UPDATED_AT),
        "allowed_actions": serializers.ListField(child=serializers.CharField()),
    },
)


class TransfersView(ApiView):
    scopes = {"GET": "stock:read", "POST": "stock:write"}
    filterset_class = TransferFilters

    @extend_schema(operation_id="list_transfers", responses={200: listed(TransferAnswer)})
    def get(self, request: Request) -> Response:
        """List transfers, the newest first."""
        return self.page(visible_transfers(self.actor), render=transfer_documents)

    @extend_schema(
        operation_id="draft_transfer", request=TransferBody, responses={201: TransferAnswer}
    )
    def post(self, request: Request) -> HttpResponse:
        """Draft a transfer. Nothing moves until it is dispatched."""
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
                source_id=found.places[body["from"]].id,
                destination_id=found.places[body["to"]].id,
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


class TransferCancellationView(ApiView):
    scopes = {"POST": "stock:write"}

    @extend_schema(operation_id="cancel_transfer", request=NoBody, responses={200: TransferAnswer})
    def post(self, request: Request, identity: str) -> HttpResponse:
        """Cancel a draft."""
        self.body(NoBody)
        return self.act(lambda: (200, cancel_transfer(identity=identity, actor=self.actor)))


class TransferScanAnswer(serializers.Serializer):
    scan_id = serializers.UUIDField()
    result = serializers.ChoiceField(TransferVerdict.choices)
    first_result = serializers.ChoiceField(
        TransferVerdict.choices, required=False, help_text="Of a duplicate: what came of it first"
    )


class TransferScansAnswer(serializers.Serializer):
    results = TransferScanAnswer(many=True)
    transfer = TransferAnswer()


class TransferScansView(ApiView):
    scopes = {"POST": "stock:write"}

    @extend_schema(
        operation_id="scan_transfer",
        request=ScansBody,
        responses={200: TransferScansAnswer},
        parameters=[SCAN_KEY],
    )
    def post(self, request: Request, identity: str) -> HttpResponse:
        """Count loaded units while it is a draft, and unloaded ones while it is in transit.

        The stock does not change yet. A batch may be sent again: no scan counts twice.
        """
        reads = [Read(**scan) for scan in self.body(ScansBody)["scans"]]

        def effect() -> tuple[int, Any]:
            transfer, results = scan_transfer(identity=identity, reads=reads, actor=self.actor)
            return 200, {"results": results, "transfer": transfer}

        if "Idempotency-Key" in request.headers:
            return self.act(effect)
        status, answer = retry_conflicts(transaction.atomic(effect))
        return Response(answer, status=status)


urlpatterns = [
    path("transfers", TransfersView.as_view()),
    path("transfers/<str:identity>", TransferView.as_view()),
    path("transfers/<str:identity>/scans", TransferScansView.as_view()),
    path("transfers/<str:identity>/cancel", TransferCancellationView.as_view()),
]
