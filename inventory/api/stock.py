"""`/stock`: balances, and the ledger behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.access.principal import Principal
from core.api.views import ApiView, listed
from inventory.api.answers import KeptAnswer, mask_references, render_kept
from inventory.api.filters import MovementFilters, StockFilters
from inventory.choices import Reason
from inventory.models import Stock, StockMovement
from inventory.queries.available.kept_from_sale import read_kept
from inventory.queries.history import visible_movements
from inventory.queries.stock import read_stock, visible_stock
from inventory.rulebook import Kept
from inventory.settlement import settlement
from inventory.timestamps import as_text


class StockAnswer(serializers.Serializer[Any]):
    sku = serializers.CharField()
    location = serializers.CharField()
    on_hand = serializers.IntegerField(help_text="Units in the building")
    reserved = serializers.IntegerField(help_text="Of these, promised to carts and orders")
    unavailable = serializers.IntegerField(help_text="Of these, not for sale")
    available = serializers.IntegerField(help_text="on_hand - reserved - unavailable")
    safety_stock = serializers.IntegerField(
        help_text="Of available, never promised: the row's own level, or a rule's if higher"
    )
    kept = KeptAnswer(many=True, help_text="What is kept from sale here, for whom and why")
    incoming = serializers.IntegerField(help_text="Units on their way here")
    version = serializers.IntegerField()


class MovementAnswer(serializers.Serializer[Any]):
    id = serializers.CharField()
    sku = serializers.CharField()
    location = serializers.CharField()
    on_hand_delta = serializers.IntegerField()
    reserved_delta = serializers.IntegerField()
    unavailable_delta = serializers.IntegerField()
    on_hand_after = serializers.IntegerField()
    reserved_after = serializers.IntegerField()
    unavailable_after = serializers.IntegerField()
    reason = serializers.ChoiceField(Reason.choices)
    reference = serializers.CharField()
    actor = serializers.CharField()
    occurred_at = serializers.DateTimeField(help_text="When it happened on the floor")
    recorded_at = serializers.DateTimeField(help_text="When the ledger learned of it")


class StockView(ApiView):
    scopes = {"GET": "stock:read"}
    filterset_class = StockFilters

    @extend_schema(operation_id="list_stock", responses={200: listed(StockAnswer)})
    def get(self, request: Request) -> Response:
        """List the balances of SKUs at locations."""
        return self.page(visible_stock(self.actor), render=self._render)

    def _render(self, found: list[Stock]) -> list[dict[str, Any]]:
        ids = [row.pk for row in found]
        kept = read_kept(ids)
        return [render_stock(row, kept[row["id"]], actor=self.actor) for row in read_stock(ids)]


class MovementsView(ApiView):
    scopes = {"GET": "stock:read"}
    filterset_class = MovementFilters

    @extend_schema(operation_id="list_movements", responses={200: listed(MovementAnswer)})
    def get(self, request: Request) -> Response:
        """List the ledger, oldest first. To follow new movements, read `/events`, whose
        numbers have no gaps: of two movements, the later number may be seen first."""
        filters = self.filterset(StockMovement.objects.all())
        wanted = {
            name: filters.asked.get(name) for name in ("sku", "location", "reference", "after")
        }
        if (named := wanted["reference"]) and self._is_hidden(named):
            wanted["location"] = []
        return filters.page(
            request,
            rows=visible_movements(self.actor, **wanted),
            render=lambda found: mask_references(
                [render_movement(row) for row in found], actor=self.actor
            ),
        )

    def _is_hidden(self, reference: str) -> bool:
        """Say whether a key tied to channels may not read a reference: then no movement has it."""
        seen = partial(settlement().name_references, actor=self.actor)
        return self.actor.channels is not None and reference not in seen([reference])


def render_stock(
    row: Mapping[str, Any], kept: Sequence[Kept], *, actor: Principal
) -> dict[str, Any]:
    reserved = row["reserved"] - row["stale"]
    return {
        "sku": row["sku"],
        "location": row["location"],
        "on_hand": row["on_hand"],
        "reserved": reserved,
        "unavailable": row["unavailable"],
        "available": row["on_hand"] - reserved - row["unavailable"],
        "safety_stock": sum(level.quantity for level in kept if level.channel is None),
        "kept": render_kept(kept, actor=actor),
        "incoming": row["incoming"],
        "version": row["version"],
    }


def render_movement(row: StockMovement) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "sku": row.sku.code,
        "location": row.location.code,
        "on_hand_delta": row.on_hand_delta,
        "reserved_delta": row.reserved_delta,
        "unavailable_delta": row.unavailable_delta,
        "on_hand_after": row.on_hand_after,
        "reserved_after": row.reserved_after,
        "unavailable_after": row.unavailable_after,
        "reason": row.reason,
        "reference": row.reference,
        "actor": row.actor,
        "occurred_at": as_text(row.occurred_at),
        "recorded_at": as_text(row.recorded_at),
    }


urlpatterns = [
    path("stock", StockView.as_view()),
    path("stock/movements", MovementsView.as_view()),
]
