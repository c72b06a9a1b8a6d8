"""`/locations/{code}/placements`: which SKU lies in which bin, one at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.fields import CodeField, StrictSerializer
from core.api.views import ApiView, listed
from core.problems.catalogue import ValidationFailed
from inventory.api.fields import SkuField
from inventory.api.filters import PlacementFilters
from inventory.commands.catalogue.placements import move_to_bin, put_in_bin, take_from_bin
from inventory.models import Placement, Sku
from inventory.queries.placements import bins_of_skus, placements_at
from inventory.queries.sku_codes import one_sku
from stores.models import Bin, Location
from stores.queries.finding import find_location


class PlacementAnswer(serializers.Serializer[Any]):
    sku = serializers.CharField()
    name = serializers.CharField()
    bin = serializers.CharField()
    walk = serializers.IntegerField()


class OnePlacementBody(StrictSerializer):
    sku = SkuField()
    bin = CodeField()


class MovePlacementBody(StrictSerializer):
    sku = SkuField()
    from_bin = CodeField()
    to_bin = CodeField()


class BinTurnAnswer(serializers.Serializer[Any]):
    code = serializers.CharField()
    walk = serializers.IntegerField()


class SkuBinsAnswer(serializers.Serializer[Any]):
    location = serializers.CharField()
    sku = serializers.CharField()
    bins = BinTurnAnswer(many=True, help_text="Where it lies now, in walking order")


class PlacementsView(ApiView):
    scopes = {"GET": "catalogue:read"}
    filterset_class = PlacementFilters

    @extend_schema(operation_id="list_placements", responses={200: listed(PlacementAnswer)})
    def get(self, request: Request, code: str) -> Response:
        """List which SKU lies in which bin, in walking order."""
        return self.page(placements_at(find_location(code, actor=self.actor)), render=_render)


class AddPlacementView(ApiView):
    scopes = {"POST": "catalogue:write"}

    @extend_schema(
        operation_id="add_placement", request=OnePlacementBody, responses={200: SkuBinsAnswer}
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        """Add a bin to those in which a SKU lies."""
        body = self.body(OnePlacementBody)

        def add() -> tuple[int, Any]:
            location = find_location(code, actor=self.actor, to_work=True)
            sku, bins = _look_up(location, body, ["bin"])
            put_in_bin(location=location, sku=sku, bin=bins["bin"], actor=self.actor)
            return 200, _bins_of(sku, location)

        return self.act(add)


class RemovePlacementView(ApiView):
    scopes = {"POST": "catalogue:write"}

    @extend_schema(
        operation_id="remove_placement", request=OnePlacementBody, responses={200: SkuBinsAnswer}
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        """Record that a SKU no longer lies in a bin."""
        body = self.body(OnePlacementBody)

        def remove() -> tuple[int, Any]:
            location = find_location(code, actor=self.actor, to_work=True)
            sku, bins = _look_up(location, body, ["bin"])
            take_from_bin(location=location, sku=sku, bin=bins["bin"], actor=self.actor)
            return 200, _bins_of(sku, location)

        return self.act(remove)


class MovePlacementView(ApiView):
    scopes = {"POST": "catalogue:write"}

    @extend_schema(
        operation_id="move_placement", request=MovePlacementBody, responses={200: SkuBinsAnswer}
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        """Move a SKU to another bin. Open pick lists show the new bin."""
        body = self.body(MovePlacementBody)

        def move() -> tuple[int, Any]:
            location = find_location(code, actor=self.actor, to_work=True)
            sku, bins = _look_up(location, body, ["from_bin", "to_bin"])
            if bins["from_bin"] == bins["to_bin"]:
                raise ValidationFailed.at("/to_bin", "It lies there already.", "same_bin")
            move_to_bin(location=location, sku=sku, **bins, actor=self.actor)
            return 200, _bins_of(sku, location)

        return self.act(move)


def _look_up(
    location: Location, body: dict[str, str], members: Sequence[str]
) -> tuple[Sku, dict[str, Bin]]:
    """Find the SKU and the bins that a body names, or refuse all unknown codes at once."""
    named = one_sku(body["sku"])
    sku = Sku.objects.get(pk=named.id) if named else None
    there = {
        each.code: each
        for each in location.bins.filter(code__in=[body[member] for member in members])
    }
    errors = [
        {
            "pointer": f"/{member}",
            "detail": f"There is no bin {body[member]} in {location.code}.",
            "code": "unknown_bin",
        }
        for member in members
        if body[member] not in there
    ]
    if sku is None:
        detail = f"There is no SKU {body['sku']}."
        errors.insert(0, {"pointer": "/sku", "detail": detail, "code": "unknown_sku"})
    if sku is None or errors:
        raise ValidationFailed(errors)
    return sku, {member: there[body[member]] for member in members}


def _bins_of(sku: Sku, location: Location) -> dict[str, Any]:
    bins = bins_of_skus([sku.pk], location_ids=[location.pk]).get((location.pk, sku.pk), [])
    return {
        "location": location.code,
        "sku": sku.code,
        "bins": [{"code": code, "walk": walk} for walk, code in bins],
    }


def _render(rows: Sequence[Placement]) -> list[dict[str, Any]]:
    return [
        {"sku": row.sku.code, "name": row.sku.name, "bin": row.bin.code, "walk": row.bin.walk}
        for row in rows
    ]


urlpatterns = [
    path("locations/<str:code>/placements", PlacementsView.as_view()),
    path("locations/<str:code>/placements/add", AddPlacementView.as_view()),
    path("locations/<str:code>/placements/move", MovePlacementView.as_view()),
    path("locations/<str:code>/placements/remove", RemovePlacementView.as_view()),
]
