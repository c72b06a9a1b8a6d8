"""`/transfers/{id}/dispatch` and `/receive`: dispatching and receiving transfers.

Both settle orders too, because the goods may be promised to a customer.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from core.access.principal import Principal
from core.api.fields import (
    MAX_ITEMS,
    MAX_QUANTITY,
    StrictBooleanField,
    StrictIntegerField,
    StrictSerializer,
)
from core.api.views import ApiView
from inventory.api.transfers import TransferAnswer, TransferLineBody
from inventory.commands.transfers.receive_transfer import Arrival
from inventory.queries.lookup import look_up
from inventory.settlement import settlement


class TransferDispatchBody(StrictSerializer):
    as_scanned = StrictBooleanField(
        required=False, default=False, help_text="What was loaded leaves, the rest stays behind"
    )


class ArrivalBody(TransferLineBody):
    damaged = StrictIntegerField(
        required=False, min_value=0, max_value=MAX_QUANTITY, help_text="Of `quantity`"
    )

    def validate(self, attrs: Any) -> Any:
        if attrs.get("damaged", 0) > attrs["quantity"]:
            raise serializers.ValidationError(
                {"damaged": "No more can be damaged than has arrived."}, code="too_many"
            )
        return attrs


class TransferReceiptBody(StrictSerializer):
    lines = serializers.ListField(
        child=ArrivalBody(), max_length=MAX_ITEMS, required=False, default=list
    )
    close = StrictBooleanField(
        required=False, default=False, help_text="Settle as lost what has not arrived"
    )
    accept_surplus = StrictBooleanField(
        required=False, default=False, help_text="Take in more or other goods than were sent"
    )
    as_scanned = StrictBooleanField(
        required=False, default=False, help_text="What was unloaded has arrived, without `lines`"
    )

    def validate(self, attrs: Any) -> Any:
        if attrs["lines"] and attrs["as_scanned"]:
            raise serializers.ValidationError(
                {"lines": "Say what has arrived, or take it as scanned: not both."}, code="not_both"
            )
        if not (attrs["lines"] or attrs["close"] or attrs["as_scanned"]):
            raise serializers.ValidationError(
                {"lines": "Say what has arrived, or close the transfer."}, code="nothing_received"
            )
        return attrs


class TransferDispatchView(ApiView):
    scopes = {"POST": "stock:write"}

    @extend_schema(
        operation_id="dispatch_transfer",
        request=TransferDispatchBody,
        responses={200: TransferAnswer},
    )
    def post(self, request: Request, identity: str) -> HttpResponse:
        """Dispatch the goods from the source: all lines or none, or exactly what was loaded.

        Goods that are promised to a customer leave whole, and their reservations end.
        """
        body = self.body(TransferDispatchBody)
        return self.act(
            lambda: (
                200,
                settlement().dispatch_transfer(identity=identity, actor=self.actor, **body),
            )
        )


class TransferReceiptView(ApiView):
    scopes = {"POST": "stock:write"}

    @extend_schema(
        operation_id="receive_transfer",
        request=TransferReceiptBody,
        responses={200: TransferAnswer},
    )
    def post(self, request: Request, identity: str) -> HttpResponse:
        """Receive what has arrived, in one or several parts.

        It is reserved for the customer for whom it was sent; the rest fills backorders.
        """
        body = self.body(TransferReceiptBody)

        def effect() -> tuple[int, Any]:
            return 200, settlement().receive_transfer(
                identity=identity,
                arrivals=_arrivals(body["lines"], actor=self.actor),
                close=body["close"],
                accept_surplus=body["accept_surplus"],
                as_scanned=body["as_scanned"],
                actor=self.actor,
            )

        return self.act(effect)


def _arrivals(lines: list[dict[str, Any]], *, actor: Principal) -> list[Arrival]:
    """Sum the lines of one SKU: a repeated line counts again."""
    found = look_up(
        actor=actor,
        locations={},
        skus={f"/lines/{index}/sku": line["sku"] for index, line in enumerate(lines)},
    )
    units: dict[str, tuple[int, int]] = {}
    for line in lines:
        whole, damaged = units.get(line["sku"], (0, 0))
        units[line["sku"]] = (whole + line["quantity"], damaged + line.get("damaged", 0))
    return [
        Arrival(found.sku_ids[sku], sku, quantity, damaged)
        for sku, (quantity, damaged) in units.items()
    ]


urlpatterns = [
    path("transfers/<str:identity>/dispatch", TransferDispatchView.as_view()),
    path("transfers/<str:identity>/receive", TransferReceiptView.as_view()),
]
