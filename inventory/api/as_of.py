"""`/stock/as-of`: the stock of a SKU at a location at a given time, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.access.principal import Principal
from core.api.fields import StrictSerializer
from core.api.views import ApiView
from inventory.api.answers import mask_references
from inventory.api.fields import MomentField
from inventory.api.stock import MovementAnswer, render_movement
from inventory.models import StockMovement
from inventory.queries.lookup import look_up
from inventory.queries.time_travel import look_back
from inventory.settlement import NamedReference, settlement
from inventory.timestamps import as_text
from stores.queries.finding import visible_places

AROUND, MOST_AROUND = 5, 50


class AsOfQuery(StrictSerializer):
    sku = serializers.CharField(max_length=64)
    location = serializers.CharField(max_length=64)
    at = MomentField()
    around = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=MOST_AROUND,
        help_text=f"Movements told on either side; {AROUND} unless said",
    )


class LinkAnswer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(["order", "transfer", "return"])
    id = serializers.CharField()
    url = serializers.CharField(help_text="Its address in this API")


class ExplainedMovementAnswer(MovementAnswer):
    link = LinkAnswer(allow_null=True, help_text="What the reference names, where it names one")


class AsOfAnswer(serializers.Serializer[Any]):
    sku = serializers.CharField()
    location = serializers.CharField()
    at = serializers.DateTimeField()
    on_hand = serializers.IntegerField()
    reserved = serializers.IntegerField()
    unavailable = serializers.IntegerField()
    available = serializers.IntegerField()
    movement = ExplainedMovementAnswer(
        allow_null=True, help_text="The last one recorded by then: why it was so"
    )
    before = ExplainedMovementAnswer(many=True, help_text="Recorded by then, newest first")
    after = ExplainedMovementAnswer(many=True, help_text="Recorded later, oldest first")


class AsOfView(ApiView):
    scopes = {"GET": "stock:read"}

    @extend_schema(operation_id="stock_as_of", parameters=[AsOfQuery], responses={200: AsOfAnswer})
    def get(self, request: Request) -> Response:
        """Show a SKU's stock at a location at a given time, as recorded by then, and why."""
        asked = self.query(AsOfQuery)
        spot = look_up(
            actor=self.actor,
            skus={"/sku": asked["sku"]},
            locations={"/location": asked["location"]},
            sees=visible_places(self.actor),
        ).spot(asked["sku"], asked["location"])
        reach = asked.get("around", AROUND)
        then = look_back(
            sku_id=spot.sku_id,
            location_id=spot.location_id,
            at=asked["at"],
            before=reach,
            after=reach,
        )
        names = settlement().name_references(
            {row.reference for row in [*then.before, *then.after]}, actor=self.actor
        )
        before = _explain(then.before, names, self.actor)
        return Response(
            {
                "sku": spot.sku,
                "location": spot.location,
                "at": as_text(asked["at"]),
                "on_hand": then.on_hand,
                "reserved": then.reserved,
                "unavailable": then.unavailable,
                "available": then.available,
                "movement": before[0] if before else None,
                "before": before,
                "after": _explain(then.after, names, self.actor),
            }
        )


def _explain(
    rows: Iterable[StockMovement], names: Mapping[str, NamedReference], actor: Principal
) -> list[dict[str, Any]]:
    shown = mask_references([render_movement(row) for row in rows], actor=actor)
    return [row | {"link": _link(names.get(row["reference"]))} for row in shown]


def _link(named: NamedReference | None) -> dict[str, Any] | None:
    if named is None:
        return None
    return {"kind": named.kind, "id": named.id, "url": f"/api/v1/{named.path}"}


urlpatterns = [path("stock/as-of", AsOfView.as_view())]
