"""`/locations/{code}/bins`: the bins of a location, and the SKUs in them."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.fields import CodeField, StrictIntegerField, StrictSerializer
from core.api.views import ApiView, check_etag, etag
from core.idempotency.execute import retry_conflicts
from core.problems.catalogue import ValidationFailed
from inventory.api.fields import SkuField
from inventory.commands.catalogue.placements import replace_placements
from inventory.models import Placement
from inventory.queries.sku_codes import named_skus
from stores.commands.locations import BinFacts, note_new_plan, replace_bins
from stores.models import Location
from stores.queries.finding import find_location

MAX_BINS = 10_000
MAX_SKUS_OF_BIN = 1_000
LAST_TURN = 2_147_483_647


class BinBody(StrictSerializer):
    code = CodeField()
    walk = StrictIntegerField(
        min_value=0, max_value=LAST_TURN, help_text="Its turn when a picker walks the building"
    )
    skus = serializers.ListField(child=SkuField(), max_length=MAX_SKUS_OF_BIN, required=False)


class BinsBody(StrictSerializer):
    bins = serializers.ListField(child=BinBody(), max_length=MAX_BINS)


class BinAnswer(serializers.Serializer[Any]):
    code = serializers.CharField()
    walk = serializers.IntegerField()
    skus = serializers.ListField(child=serializers.CharField())


class BinsAnswer(serializers.Serializer[Any]):
    location = serializers.CharField()
    bins = BinAnswer(many=True, help_text="In walking order")


class BinsView(ApiView):
    scopes = {"GET": "catalogue:read", "PUT": "catalogue:write"}
    has_etag = True

    @extend_schema(operation_id="get_bins", responses={200: BinsAnswer})
    def get(self, request: Request, code: str) -> Response:
        """Show a location's bins in walking order, with their SKUs."""
        return _answer(find_location(code, actor=self.actor))

    @extend_schema(operation_id="put_bins", request=BinsBody, responses={200: BinsAnswer})
    def put(self, request: Request, code: str) -> Response:
        """Replace a location's bins and the SKUs in them, all at once."""
        asked = self.body(BinsBody)["bins"]

        @transaction.atomic
        def put() -> Location:
            location = find_location(code, actor=self.actor, to_work=True)
            sku_ids = _look_up(asked)
            bins, moved = replace_bins(
                location=location,
                bins=[BinFacts(each["code"], each["walk"]) for each in asked],
                expect=lambda version: check_etag(request, version),
            )
            filled = replace_placements(
                location=location,
                pairs=[
                    (sku_ids[sku], bins[each["code"]].pk)
                    for each in asked
                    for sku in each.get("skus", ())
                ],
            )
            if moved or filled:
                note_new_plan(location=location, actor=self.actor)
            return location

        return _answer(retry_conflicts(put))


def _look_up(asked: list[dict[str, Any]]) -> dict[str, int]:
    """Return the ids of the SKUs named, or refuse all that is wrong at once."""
    named = named_skus({sku for each in asked for sku in each.get("skus", ())})
    sku_ids = {code: sku.id for code, sku in named.items()}
    errors = []
    codes: set[str] = set()
    for index, each in enumerate(asked):
        at = f"/bins/{index}"
        if each["code"] in codes:
            errors.append(
                _error(f"{at}/code", f"The bin {each['code']} is listed twice.", "duplicate_bin")
            )
        codes.add(each["code"])
        here: set[int] = set()
        for place, sku in enumerate(each.get("skus", ())):
            if sku not in sku_ids:
                errors.append(
                    _error(f"{at}/skus/{place}", f"There is no SKU {sku}.", "unknown_sku")
                )
            elif sku_ids[sku] in here:
                errors.append(
                    _error(f"{at}/skus/{place}", f"{sku} is listed twice.", "duplicate_sku")
                )
            else:
                here.add(sku_ids[sku])
    if errors:
        raise ValidationFailed(errors)
    return sku_ids


def _error(pointer: str, detail: str, code: str) -> dict[str, str]:
    return {"pointer": pointer, "detail": detail, "code": code}


def _answer(location: Location) -> Response:
    skus: dict[int, list[str]] = {}
    for bin_id, sku in (
        Placement.objects.filter(bin__location=location)
        .order_by("sku__code")
        .values_list("bin_id", "sku__code")
    ):
        skus.setdefault(bin_id, []).append(sku)
    return Response(
        {
            "location": location.code,
            "bins": [
                {"code": each.code, "walk": each.walk, "skus": skus.get(each.pk, [])}
                for each in location.bins.all()
            ],
        },
        headers={"ETag": etag(location.version)},
    )


urlpatterns = [path("locations/<str:code>/bins", BinsView.as_view())]
