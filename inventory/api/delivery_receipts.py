"""`/deliveries/{id}/receipts`: receiving goods of an announced delivery."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from core.api.fields import MAX_ITEMS, QuantityField, StrictBooleanField, StrictSerializer
from core.api.views import ApiView
from inventory.api.deliveries import ExpectedDeliveryAnswer, GoodsLineBody, show_delivery
from inventory.commands.goods_in.receive import Arrived
from inventory.commands.goods_in.take_in import take_in_delivery
from inventory.queries.goods import find_goods


class ArrivedLineBody(GoodsLineBody):
    damaged = QuantityField(
        min_value=0, required=False, default=0, help_text="Of quantity, not fit for sale"
    )

    def validate(self, attrs: Any) -> Any:
        if attrs["damaged"] > attrs["quantity"]:
            raise serializers.ValidationError(
                {"damaged": "No more can be damaged than came: quantity counts all units."},
                code="more_than_came",
            )
        return super().validate(attrs)


class DeliveryReceiptBody(StrictSerializer):
    lines = serializers.ListField(
        child=ArrivedLineBody(), max_length=MAX_ITEMS, required=False, default=list
    )
    close = StrictBooleanField(
        required=False, default=False, help_text="Wait no more for what has not come"
    )

    def validate(self, attrs: Any) -> Any:
        if not attrs["lines"] and not attrs["close"]:
            raise serializers.ValidationError(
                {"lines": "Say what has arrived, or close the delivery."}, code="nothing_received"
            )
        return attrs


class DeliveryReceiptView(ApiView):
    scopes = {"POST": "stock:write"}

    @extend_schema(
        operation_id="receive_delivery",
        request=DeliveryReceiptBody,
        responses={200: ExpectedDeliveryAnswer},
    )
    def post(self, request: Request, identity: str) -> HttpResponse:
        """Receive what has arrived, in one or several parts, and fill backorders from it.

        More units than announced, and SKUs that were not announced, are recorded too. Lines of
        one SKU are summed.
        """
        body = self.body(DeliveryReceiptBody)

        def effect() -> tuple[int, Any]:
            show_delivery(identity, actor=self.actor)
            goods = find_goods(body["lines"], locations={}, actor=self.actor)
            take_in_delivery(
                identity=identity,
                arrived=_sum_up(goods.sku_ids, body["lines"]),
                close=body["close"],
                actor=self.actor,
            )
            return 200, show_delivery(identity, actor=self.actor)

        return self.act(effect)


def _sum_up(sku_ids: Sequence[int], lines: Sequence[dict[str, Any]]) -> dict[int, Arrived]:
    arrived: dict[int, Arrived] = {}
    for sku_id, line in zip(sku_ids, lines, strict=True):
        so_far = arrived.get(sku_id, Arrived(0))
        arrived[sku_id] = Arrived(so_far.units + line["quantity"], so_far.damaged + line["damaged"])
    return arrived


urlpatterns = [path("deliveries/<str:identity>/receipts", DeliveryReceiptView.as_view())]
