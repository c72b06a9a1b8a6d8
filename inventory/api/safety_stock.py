"""`/stock/safety-stock`: units that no channel may promise."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.fields import MAX_ITEMS, MAX_QUANTITY, CodeField, StrictIntegerField, StrictSerializer
from core.api.views import ApiView
from core.idempotency.execute import retry_conflicts
from inventory import ledger
from inventory.api.fields import SkuField, refuse_duplicates
from inventory.commands.change import StockChange
from inventory.commands.keep_from_sale.safety_stock import keep_safe
from inventory.queries.lookup import find_spots
from inventory.settlement import settlement


class SafetyStockLine(StrictSerializer):
    sku = SkuField()
    location = CodeField()
    safety_stock = StrictIntegerField(min_value=0, max_value=MAX_QUANTITY)


class SafetyStockBody(StrictSerializer):
    lines = serializers.ListField(child=SafetyStockLine(), min_length=1, max_length=MAX_ITEMS)


class SafetyStockLineAnswer(serializers.Serializer[Any]):
    sku = serializers.CharField()
    location = serializers.CharField()
    safety_stock = serializers.IntegerField()


class SafetyStockAnswer(serializers.Serializer[Any]):
    lines = SafetyStockLineAnswer(many=True)


class SafetyStockView(ApiView):
    scopes = {"PUT": "stock:write"}

    @extend_schema(
        operation_id="set_safety_stock",
        request=SafetyStockBody,
        responses={200: SafetyStockAnswer},
    )
    def put(self, request: Request) -> Response:
        """Set how many units of each SKU at each location are kept from sale. Backorders that
        wait for units which this releases are filled at once."""
        lines = self.body(SafetyStockBody)["lines"]
        refuse_duplicates(lines)

        @transaction.atomic
        def put() -> None:
            spots = find_spots(lines, actor=self.actor)
            levels = [(spot, line["safety_stock"]) for spot, line in zip(spots, lines, strict=True)]
            skus = frozenset(spot.sku_id for spot in spots)

            def keep() -> tuple[None, StockChange]:
                keep_safe(levels=levels, actor=self.actor)
                return None, StockChange(more=skus)

            settlement().change_stock(
                keep,
                waiting_for=skus,
                actor=self.actor,
                lock=partial(ledger.open_and_lock, [spot.pair for spot in spots]),
            )

        retry_conflicts(put)
        return Response({"lines": lines})


urlpatterns = [path("stock/safety-stock", SafetyStockView.as_view())]
