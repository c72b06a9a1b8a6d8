"""`/locations/{code}/bin-labels`: labels of bins to print and stick on the shelf."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer, StaticHTMLRenderer
from rest_framework.request import Request

from core.api.fields import StrictSerializer
from core.api.views import ApiView
from core.pages.labels import DEFAULT, MOST, SIZES, Label, print_labels
from core.problems.catalogue import ValidationFailed
from stores.models import Bin
from stores.queries.finding import find_location


class LabelsQuery(StrictSerializer):
    size = serializers.ChoiceField(sorted(SIZES), default=DEFAULT)
    bin = serializers.ListField(
        child=serializers.CharField(max_length=64), required=False, max_length=MOST
    )
    to = serializers.CharField(required=False, max_length=64)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        # No attribute of a class can be called `from`.
        start = serializers.CharField(required=False, max_length=64)
        return super().get_fields() | {"from": start}


class BinLabelsView(ApiView):
    scopes = {"GET": "catalogue:read"}
    renderer_classes = [JSONRenderer, StaticHTMLRenderer]

    @extend_schema(
        operation_id="print_bin_labels",
        parameters=[
            OpenApiParameter("size", str, enum=sorted(SIZES), description="How large"),
            OpenApiParameter("bin", str, many=True, description="These bins; repeat it"),
            OpenApiParameter("from", str, description="The first of a range, as one walks"),
            OpenApiParameter("to", str, description="The last of a range, as one walks"),
        ],
        responses={(200, "text/html"): OpenApiTypes.STR},
    )
    def get(self, request: Request, code: str) -> HttpResponse:
        """Return a page of labels: all bins, some, or a range of them in walking order."""
        place = find_location(code, actor=self.actor)
        given = request.query_params
        asked = LabelsQuery(
            data={name: given.getlist(name) if name == "bin" else given[name] for name in given}
        )
        asked.is_valid(raise_exception=True)
        query = asked.validated_data
        every = list(place.bins.all())
        chosen = _chosen(every, query)
        if len(chosen) > MOST:
            detail = f"{len(chosen)} labels are too many for one page: name `from` and `to`."
            raise ValidationFailed.at("/from", detail, "too_many_labels")
        return print_labels(
            request._request,
            [
                Label(each.code, [place.name, place.code], f"omni:bin:{place.code}/{each.code}")
                for each in chosen
            ],
            size=query["size"],
            title=f"Bin labels of {place.name} ({place.code})",
            all=[] if query.get("bin") else [each.code for each in every],
            first=chosen[0].code if chosen else "",
            last=chosen[-1].code if chosen else "",
            chosen=[("bin", each) for each in query.get("bin", ())],
            empty="This location has no bins yet: send its plan, or add them in the admin.",
        )


def _chosen(bins: list[Bin], query: dict[str, str | list[str]]) -> list[Bin]:
    """Return the requested bins, in walking order; refuse every unknown code."""
    places = {each.code: index for index, each in enumerate(bins)}
    named = [(f"/bin/{index}", code) for index, code in enumerate(query.get("bin", ()))]
    named += [(f"/{end}", str(query[end])) for end in ("from", "to") if end in query]
    unknown = [
        {"pointer": pointer, "detail": f"There is no bin {code}.", "code": "unknown_bin"}
        for pointer, code in named
        if code not in places
    ]
    if unknown:
        raise ValidationFailed(unknown)
    if "bin" in query:
        return [each for each in bins if each.code in query["bin"]]
    start = places[str(query["from"])] if "from" in query else 0
    end = places[str(query["to"])] if "to" in query else len(bins)
    return bins[start : end + 1]


urlpatterns = [path("locations/<str:code>/bin-labels", BinLabelsView.as_view(), name="bin-labels")]
