"""`/stock/drift`: figures of counts and snapshots that differed from the record."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.access.principal import Principal
from core.api.fields import CodeField
from core.api.views import ApiView, listed
from inventory.api.answers import mask_references
from inventory.api.filters import DriftFilters
from inventory.choices import Reason
from inventory.models import Drift
from inventory.queries.counting.drift import WindowMovement, WindowMovements, explain, visible_drift
from inventory.timestamps import as_text


class SourceField(CodeField):
    """A system that owns the count, by a short name: `erp`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=32, **kwargs)


class StepAnswer(serializers.Serializer[Any]):
    id = serializers.CharField()
    on_hand_delta = serializers.IntegerField()
    reason = serializers.ChoiceField(Reason.choices)
    reference = serializers.CharField()
    actor = serializers.CharField()
    occurred_at = serializers.DateTimeField()
    recorded_at = serializers.DateTimeField()


class DriftAnswer(serializers.Serializer[Any]):
    id = serializers.CharField()
    sku = serializers.CharField()
    location = serializers.CharField()
    source = serializers.CharField(  # type: ignore[assignment]
        help_text="`count` for what people counted"
    )
    reference = serializers.CharField()
    as_of = serializers.DateTimeField()
    since = serializers.DateTimeField(
        allow_null=True, help_text="The moment of the figure before this one"
    )
    reported = serializers.IntegerField()
    expected = serializers.IntegerField(help_text="What the record was at that moment")
    drift = serializers.IntegerField(help_text="reported - expected")
    actor = serializers.CharField()
    recorded_at = serializers.DateTimeField()
    movements = StepAnswer(
        many=True, help_text="What came and went between the two figures, the newest first"
    )
    movements_left_out = serializers.IntegerField(help_text="How many older ones there are")


class DriftView(ApiView):
    scopes = {"GET": "stock:read"}
    filterset_class = DriftFilters

    @extend_schema(operation_id="list_drift", responses={200: listed(DriftAnswer)})
    def get(self, request: Request) -> Response:
        """List drift, the newest first, with the movements that may explain it."""
        return self.page(visible_drift(self.actor), render=partial(_render, actor=self.actor))


def _render(rows: list[Drift], *, actor: Principal) -> list[dict[str, Any]]:
    return [
        {
            "id": str(row.pk),
            "sku": row.sku.code,
            "location": row.location.code,
            "source": row.source,
            "reference": row.reference,
            "as_of": as_text(row.as_of),
            "since": as_text(row.since),
            "reported": row.reported,
            "expected": row.expected,
            "drift": row.drift,
            "actor": row.actor,
            "recorded_at": as_text(row.recorded_at),
            "movements": render_movements(moved, actor=actor),
            "movements_left_out": moved.left_out,
        }
        for row, moved in zip(rows, explain(rows), strict=True)
    ]


def render_movement(movement: WindowMovement) -> dict[str, Any]:
    return {
        "id": str(movement.id),
        "on_hand_delta": movement.on_hand,
        "reason": movement.reason,
        "reference": movement.reference,
        "actor": movement.actor,
        "occurred_at": as_text(movement.occurred_at),
        "recorded_at": as_text(movement.recorded_at),
    }


def render_movements(moved: WindowMovements, *, actor: Principal) -> Sequence[dict[str, Any]]:
    return mask_references([render_movement(movement) for movement in moved.shown], actor=actor)


urlpatterns = [path("stock/drift", DriftView.as_view())]
