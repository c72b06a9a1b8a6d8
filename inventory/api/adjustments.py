"""`/stock/adjustments`: differences that people found in the stock."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import HttpResponse
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from core.api.fields import MAX_ITEMS, CodeField, StrictSerializer
from core.api.views import ApiView
from inventory import ledger
from inventory.api.answers import (
    BalanceAnswer,
    BrokenAnswer,
    by_pair,
    render_balance,
    render_broken,
)
from inventory.api.fields import DifferenceField, ReferenceField, SkuField
from inventory.choices import ADJUSTMENT_REASONS
from inventory.commands.adjust import Adjustment, adjust_stock
from inventory.commands.change import StockChange
from inventory.queries.lookup import find_spots
from inventory.settlement import settlement


class AdjustmentLineBody(StrictSerializer):
    sku = SkuField()
    location = CodeField()
    on_hand_delta = DifferenceField(required=False, default=0)
    unavailable_delta = DifferenceField(required=False, default=0)

    def validate(self, attrs: Any) -> Any:
        if not attrs["on_hand_delta"] and not attrs["unavailable_delta"]:
            raise serializers.ValidationError(
                "Say a difference other than 0: on_hand_delta, unavailable_delta or both.",
                code="no_difference",
            )
        return attrs


class AdjustmentBody(StrictSerializer):
    reason = serializers.ChoiceField(
        [str(reason) for reason in ADJUSTMENT_REASONS],
        error_messages={
            "invalid_choice": "Choose a reason: " + ", ".join(ADJUSTMENT_REASONS) + "."
        },
    )
    reference = ReferenceField(required=False, allow_blank=True, default="")
    lines = serializers.ListField(child=AdjustmentLineBody(), min_length=1, max_length=MAX_ITEMS)


class AdjustmentAnswer(serializers.Serializer[Any]):
    reason = serializers.CharField()
    reference = serializers.CharField()
    lines = BalanceAnswer(many=True)
    broken = BrokenAnswer(many=True)


class AdjustmentsView(ApiView):
    scopes = {"POST": "stock:write"}

    @extend_schema(
        operation_id="adjust_stock", request=AdjustmentBody, responses={201: AdjustmentAnswer}
    )
    def post(self, request: Request) -> HttpResponse:
        """Record differences with a reason; lines of one SKU at one location are summed.

        Where fewer remain than were promised, the least sure promises break and are sourced again;
        `broken` lists them. The balances are those before that.
        """
        body = self.body(AdjustmentBody)

        def effect() -> tuple[int, Any]:
            spots = find_spots(body["lines"], actor=self.actor)
            adjustments = [
                Adjustment(spot, line["on_hand_delta"], line["unavailable_delta"])
                for spot, line in zip(spots, body["lines"], strict=True)
            ]

            def adjust() -> tuple[dict[str, Any], StockChange]:
                change = adjust_stock(
                    reason=body["reason"],
                    reference=body["reference"],
                    adjustments=adjustments,
                    actor=self.actor,
                )
                rows = by_pair(change.balances)
                answer = {
                    "reason": body["reason"],
                    "reference": body["reference"],
                    "lines": [
                        render_balance(spot, rows[spot.pair]) for spot in dict.fromkeys(spots)
                    ],
                    "broken": render_broken(change.broken, spots, actor=self.actor),
                }
                return answer, change

            return 201, settlement().change_stock(
                adjust,
                waiting_for={spot.sku_id for spot in spots},
                actor=self.actor,
                lock=partial(ledger.open_and_lock, [spot.pair for spot in spots]),
            )

        return self.act(effect)


urlpatterns = [path("stock/adjustments", AdjustmentsView.as_view())]
