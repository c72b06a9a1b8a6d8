"""`/transfers/{id}/receive`: goods that arrive from another location."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from inventory.api.transfers import TransferAnswer, TransferLineBody
from inventory.commands.transfer import receive_transfer
from inventory.queries.lookup import look_up
from inventory.queries.transfers import sku_ids_of
from omniretail.doors import MAX_ITEMS, ApiView, StrictBooleanField, StrictSerializer
from orders.commands.pool import change_pool


class TransferReceiptBody(StrictSerializer):
    lines = serializers.ListField(
        child=TransferLineBody(), max_length=MAX_ITEMS, required=False, default=list
    )
    close = StrictBooleanField(
        required=False, default=False, help_text="Settle as lost what has not arrived"
    )

    def validate(self, attrs: Any) -> Any:
        if not attrs["lines"] and not attrs["close"]:
            raise serializers.ValidationError(
                {"lines": "Say what has arrived, or close the transfer."}, code="nothing_received"
            )
        return attrs


class TransferReceiptView(ApiView):
    scopes = {"POST": "stock:write"}

    @extend_schema(
        operation_id="receive_transfer",
        request=TransferReceiptBody,
        responses={200: TransferAnswer},
    )
    def post(self, request: Request, identity: str) -> HttpResponse:
        """Take in what has arrived, in as many parts as it comes, and fill backorders from it."""
        body = self.body(TransferReceiptBody)

        def effect() -> tuple[int, Any]:
            look_up(
                actor=self.actor,
                locations={},
                skus={
                    f"/lines/{index}/sku": line["sku"] for index, line in enumerate(body["lines"])
                },
            )
            units: dict[str, int] = {}
            for line in body["lines"]:
                units[line["sku"]] = units.get(line["sku"], 0) + line["quantity"]
            document = change_pool(
                lambda: receive_transfer(
                    identity=identity, units=units, close=body["close"], actor=self.actor
                ),
                waiting_for=sku_ids_of(identity),
                actor=self.actor,
            )
            return 200, document

        return self.act(effect)


urlpatterns = [path("transfers/<str:identity>/receive", TransferReceiptView.as_view())]
