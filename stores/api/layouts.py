"""`/locations/{code}/layout`: how the aisles run and where the bins are, for the shortest walk."""

from __future__ import annotations

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.fields import CodeField, StrictIntegerField, StrictSerializer
from core.api.views import ApiView, Expect, tagged
from core.problems.catalogue import ValidationFailed
from stores.api.fields import NumberField
from stores.commands.layouts import put_layout
from stores.models import BuildingLayout, Location
from stores.queries.finding import find_location
from stores.queries.layouts import spot_of
from stores.walks.layout import Layout, Spot

MAX_BINS = 10_000
LAST_AISLE = 499
LONGEST = 2_000  # metres


class LayoutBinBody(StrictSerializer):
    code = CodeField(help_text="A bin of this location")
    aisle = StrictIntegerField(
        min_value=0, max_value=LAST_AISLE, help_text="Aisles are numbered from 0, side by side"
    )
    metres = NumberField(
        min_value=0, max_value=LONGEST, help_text="From the front cross aisle into the aisle"
    )


class AislesBody(StrictSerializer):
    length = NumberField(
        min_value=0.1, max_value=LONGEST, help_text="Metres from the front to the back cross aisle"
    )
    gap = NumberField(
        min_value=0.1,
        max_value=100,
        help_text="Metres between the middles of two neighbouring aisles",
    )
    middle = NumberField(
        min_value=0,
        max_value=LONGEST,
        required=False,
        allow_null=True,
        default=None,
        help_text="Metres to a cross aisle between two blocks, where there is one",
    )
    start_aisle = StrictIntegerField(
        min_value=0,
        max_value=LAST_AISLE,
        required=False,
        default=0,
        help_text="Walks begin and end at the front of this aisle",
    )

    def validate(self, attrs: Any) -> Any:
        middle = attrs["middle"]
        if middle is not None and not 0 < middle < attrs["length"]:
            raise serializers.ValidationError(
                {"middle": "The middle cross aisle is between the front and the back one."},
                code="outside_of_aisles",
            )
        return attrs


class LayoutBody(StrictSerializer):
    aisles = AislesBody(allow_null=True, help_text="null: walked by the bins' `walk` alone")
    bins = serializers.ListField(child=LayoutBinBody(), max_length=MAX_BINS)


class AislesAnswer(serializers.Serializer[Any]):
    length = serializers.FloatField()
    gap = serializers.FloatField()
    middle = serializers.FloatField(allow_null=True)
    start_aisle = serializers.IntegerField()


class LayoutBinAnswer(serializers.Serializer[Any]):
    code = serializers.CharField()
    aisle = serializers.IntegerField()
    metres = serializers.FloatField()


class LayoutAnswer(serializers.Serializer[Any]):
    location = serializers.CharField()
    aisles = AislesAnswer(allow_null=True)
    bins = LayoutBinAnswer(many=True, help_text="Those whose spot is known")


class LayoutView(ApiView):
    scopes = {"GET": "catalogue:read", "PUT": "catalogue:write"}
    has_etag = True

    @extend_schema(operation_id="get_layout", responses={200: LayoutAnswer})
    def get(self, request: Request, code: str) -> Response:
        """Show how a location's aisles run and where its bins are."""
        location = find_location(code, actor=self.actor)
        return tagged(_render(location), location.version)

    @extend_schema(operation_id="put_layout", request=LayoutBody, responses={200: LayoutAnswer})
    def put(self, request: Request, code: str) -> Response:
        """Say how a location's aisles run and where its bins are: lists take the shortest walk."""
        body = self.body(LayoutBody)

        def put(expect: Expect) -> tuple[Location, bool]:
            location = find_location(code, actor=self.actor, to_work=True)
            layout = _read_aisles(body["aisles"])
            spots = _read_bins(location, layout, body["bins"])
            put_layout(
                location=location, layout=layout, spots=spots, actor=self.actor, expect=expect
            )
            return location, False

        return self.replace(put, render=_render)


def _read_aisles(aisles: dict[str, Any] | None) -> Layout | None:
    if aisles is None:
        return None
    middle = None if aisles["middle"] is None else float(aisles["middle"])
    return Layout(float(aisles["length"]), float(aisles["gap"]), middle, aisles["start_aisle"])


def _read_bins(
    location: Location, layout: Layout | None, bins: list[dict[str, Any]]
) -> dict[int, Spot]:
    """Return the spots by the bins' ids, or refuse all that is wrong at once."""
    ids = dict(location.bins.values_list("code", "pk"))
    spots: dict[int, Spot] = {}
    errors = []
    for index, each in enumerate(bins):
        wrong = None
        if each["code"] not in ids:
            wrong = "code", f"There is no bin {each['code']} here.", "unknown_bin"
        elif ids[each["code"]] in spots:
            wrong = "code", f"The bin {each['code']} is listed twice.", "duplicate_bin"
        elif layout is None:
            wrong = "aisle", "Without aisles a bin has no spot.", "no_aisles"
        elif each["metres"] > layout.aisle_length:
            wrong = "metres", "The aisle is not as long as that.", "outside_of_aisle"
        if wrong is None:
            spots[ids[each["code"]]] = Spot(each["aisle"], float(each["metres"]))
        else:
            member, detail, code = wrong
            errors.append({"pointer": f"/bins/{index}/{member}", "detail": detail, "code": code})
    if errors:
        raise ValidationFailed(errors)
    return spots


def _render(location: Location) -> dict[str, Any]:
    layout = BuildingLayout.objects.filter(location=location).first()
    return {
        "location": location.code,
        "aisles": layout
        and {
            "length": layout.aisle_length,
            "gap": layout.aisle_gap,
            "middle": layout.middle,
            "start_aisle": layout.start_aisle,
        },
        "bins": [
            {"code": each.code, "aisle": spot.aisle, "metres": spot.metres}
            for each in location.bins.all()
            if (spot := spot_of(each)) is not None
        ],
    }


urlpatterns = [path("locations/<str:code>/layout", LayoutView.as_view())]
