"""`/receipts`: goods in from suppliers."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from core.api.fields import MAX_ITEMS, CodeField, QuantityField, StrictSerializer
from core.api.views import ApiView
from inventory.api.answers import by_pair
from inventory.api.fields import ReferenceField, SkuField
from inventory.commands.change import StockChange
from inventory.commands.goods_in.take_in import take_in_goods
from inventory.queries.lookup import Found, look_up
from inventory.queries.sku_codes import SkuName


class ReceiptLineBody(StrictSerializer):
    sku = SkuField()
    quantity = QuantityField()


class ReceiptBody(StrictSerializer):
    location = CodeField()
    reference = ReferenceField(help_text="The delivery's own number")
    lines = serializers.ListField(child=ReceiptLineBody(), min_length=1, max_length=MAX_ITEMS)


class ReceiptLineAnswer(serializers.Serializer[Any]):
    sku = serializers.CharField()
    quantity = serializers.IntegerField()
    on_hand = serializers.IntegerField()
    available = serializers.IntegerField()


class ReceiptAnswer(serializers.Serializer[Any]):
    location = serializers.CharField()
    reference = serializers.CharField()
    lines = ReceiptLineAnswer(many=True)


class ReceiptsView(ApiView):
    scopes = {"POST": "stock:write"}

    @extend_schema(
        operation_id="receive_goods", request=ReceiptBody, responses={201: ReceiptAnswer}
    )
    def post(self, request: Request) -> HttpResponse:
        """Receive goods, and fill the backorders that wait for them.

        Lines of one SKU are summed. Where a delivery is expected under this reference, they count
        as its goods. The balances are those before backorders were filled.
        """
        body = self.body(ReceiptBody)

        def effect() -> tuple[int, Any]:
            found = look_up(
                actor=self.actor,
                locations={"/location": body["location"]},
                skus={
                    f"/lines/{index}/sku": line["sku"] for index, line in enumerate(body["lines"])
                },
            )
            units: dict[SkuName, int] = {}
            for line in body["lines"]:
                sku = found.skus[line["sku"]]
                units[sku] = units.get(sku, 0) + line["quantity"]

            change = take_in_goods(
                location_id=found.places[body["location"]].id,
                reference=body["reference"],
                units={sku.id: quantity for sku, quantity in units.items()},
                actor=self.actor,
            )
            return 201, _render(body, units, found, change)

        return self.act(effect)


def _render(
    body: dict[str, Any], units: dict[SkuName, int], found: Found, change: StockChange
) -> dict[str, Any]:
    rows = by_pair(change.balances)
    place_id = found.places[body["location"]].id
    return {
        "location": body["location"],
        "reference": body["reference"],
        "lines": [
            {
                "sku": sku.code,
                "quantity": quantity,
                "on_hand": rows[sku.id, place_id].on_hand,
                "available": rows[sku.id, place_id].available,
            }
            for sku, quantity in units.items()
        ],
    }


urlpatterns = [path("receipts", ReceiptsView.as_view())]
