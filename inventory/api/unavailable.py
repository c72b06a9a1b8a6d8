"""`/stock/unavailable`: units that may not be sold, by condition."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.http import HttpResponse
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.access.principal import Principal
from core.api.fields import MAX_ITEMS, CodeField, QuantityField, StrictSerializer
from core.api.views import ApiView, listed
from inventory import ledger
from inventory.api.answers import (
    BalanceAnswer,
    BrokenAnswer,
    by_pair,
    render_balance,
    render_broken,
)
from inventory.api.fields import ReferenceField, SkuField
from inventory.api.filters import StockFilters
from inventory.choices import Condition
from inventory.commands.change import StockChange
from inventory.commands.set_apart import ORIGINS, OUTCOMES, Move, move_unavailable
from inventory.conditions import Kept
from inventory.models import Stock
from inventory.queries.available.conditions import conditions_of, rows_kept_apart
from inventory.queries.lookup import Spot, find_spots
from inventory.settlement import settlement


def _choice(places: Sequence[str]) -> serializers.ChoiceField:
    listed_places = ", ".join(places)
    return serializers.ChoiceField(
        list(places), error_messages={"invalid_choice": f"Choose one of: {listed_places}."}
    )


class _MoveLine(StrictSerializer):
    sku = SkuField()
    location = CodeField()
    quantity = QuantityField()

    def validate(self, attrs: Any) -> Any:
        if attrs["from"] == attrs["to"]:
            raise serializers.ValidationError(
                {"to": "Units move to another condition than the one they are in."},
                code="same_condition",
            )
        return attrs


# `from` is a word of Python, so it cannot be an attribute of a class body.
MoveLineBody = type(
    "MoveLineBody", (_MoveLine,), {"from": _choice(ORIGINS), "to": _choice(OUTCOMES)}
)


class MoveBody(StrictSerializer):
    reference = ReferenceField(required=False, allow_blank=True, default="")
    lines = serializers.ListField(child=MoveLineBody(), min_length=1, max_length=MAX_ITEMS)


class _Conditions(serializers.Serializer[Any]):
    damaged = serializers.IntegerField()
    inspection = serializers.IntegerField()
    quarantine = serializers.IntegerField()
    missing = serializers.IntegerField()
    to_put_back = serializers.IntegerField(
        help_text="Out of a box, a tote or a bay, not on the shelf yet"
    )


class UnavailableAnswer(_Conditions):
    sku = serializers.CharField()
    location = serializers.CharField()
    unavailable = serializers.IntegerField(help_text="The sum of the five")


class MovedLineAnswer(BalanceAnswer, _Conditions):
    pass


class MovedAnswer(serializers.Serializer[Any]):
    reference = serializers.CharField()
    lines = MovedLineAnswer(many=True)
    broken = BrokenAnswer(many=True)


class UnavailableView(ApiView):
    scopes = {"GET": "stock:read", "POST": "stock:write"}
    filterset_class = StockFilters

    @extend_schema(operation_id="list_unavailable", responses={200: listed(UnavailableAnswer)})
    def get(self, request: Request) -> Response:
        """List units that may not be sold, by condition, read from the ledger."""
        return self.page(rows_kept_apart(self.actor), render=_render_rows)

    @extend_schema(operation_id="move_unavailable", request=MoveBody, responses={201: MovedAnswer})
    def post(self, request: Request) -> HttpResponse:
        """Set units apart, move them from one condition to another, or put them back on sale.

        Lines are moved in their order. Units found damaged, missing or scrapped are recorded even
        when they were promised: the least sure promises break and are sourced again, and
        `broken` lists them. Other moves from `available` take only units that are not promised.
        The balances are those before that.
        """
        body = self.body(MoveBody)

        def effect() -> tuple[int, Any]:
            spots = find_spots(body["lines"], actor=self.actor)
            moves = [
                Move(spot, line["quantity"], line["from"], line["to"])
                for spot, line in zip(spots, body["lines"], strict=True)
            ]

            def move() -> tuple[dict[str, Any], StockChange]:
                change = move_unavailable(
                    moves=moves, reference=body["reference"], actor=self.actor
                )
                return _render(body["reference"], spots, change, self.actor), change

            return 201, settlement().change_stock(
                move,
                waiting_for={spot.sku_id for spot in spots},
                actor=self.actor,
                lock=partial(ledger.open_and_lock, [spot.pair for spot in spots]),
            )

        return self.act(effect)


def _render(
    reference: str, spots: Sequence[Spot], change: StockChange, actor: Principal
) -> dict[str, Any]:
    rows = by_pair(change.balances)
    kept = conditions_of(rows)
    return {
        "reference": reference,
        "lines": [
            render_balance(spot, rows[spot.pair]) | _named(kept[spot.pair])
            for spot in dict.fromkeys(spots)
        ],
        "broken": render_broken(change.broken, spots, actor=actor),
    }


def _render_rows(rows: Sequence[Stock]) -> list[dict[str, Any]]:
    kept = conditions_of([(row.sku_id, row.location_id) for row in rows])
    return [
        {
            "sku": row.sku.code,
            "location": row.location.code,
            # Not the balance: a movement may have come between the two readings.
            "unavailable": sum(kept[row.sku_id, row.location_id].values()),
            **_named(kept[row.sku_id, row.location_id]),
        }
        for row in rows
    ]


def _named(kept: Kept) -> dict[str, int]:
    return {condition.value: kept[condition] for condition in Condition}


urlpatterns = [path("stock/unavailable", UnavailableView.as_view())]
