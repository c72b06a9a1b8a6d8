"""`/pick-lists`: lists of units to pick in walking order, and their scans."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.access.principal import Principal
from core.api.fields import (
    MAX_ITEMS,
    CodeField,
    StrictIntegerField,
    StrictSerializer,
    StringField,
)
from core.api.filters import UPDATED_AT
from core.api.views import ApiView, listed
from core.idempotency.execute import retry_conflicts
from core.problems.catalogue import NotFound, ValidationFailed
from inventory.api.scan_body import SCAN_KEY, SaidOfScan, ScanBody
from inventory.queries.scan import Read
from orders.api.filters import PickListFilters
from orders.choices import PickListState, PickMode, ScanVerdict
from orders.commands.picking.pick_lists import complete_pick_list, start_pick_list, start_wave
from orders.commands.picking.scan_picks import scan_picks
from orders.commands.picking.short_pick import short_pick
from orders.queries.pick_lists import (
    count_up,
    pick_list_document,
    pick_list_documents,
    visible_pick_lists,
)
from stores.models import Location

MAX_ORDERS = 100
MAX_WAVE = 10_000


class PickListBody(StrictSerializer):
    location = CodeField()
    fulfilments = serializers.ListField(
        child=StringField(max_length=40), required=False, allow_empty=False, max_length=MAX_ORDERS
    )
    max_orders = StrictIntegerField(
        required=False, min_value=1, max_value=MAX_ORDERS, help_text="12 unless given"
    )
    mode = serializers.ChoiceField(PickMode.choices, default=PickMode.BATCH)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "fulfilments" in attrs and "max_orders" in attrs:
            raise serializers.ValidationError(
                "Name fulfilments or give max_orders, not both.", code="not_both"
            )
        return attrs


class WaveBody(StrictSerializer):
    location = CodeField()
    orders_per_list = StrictIntegerField(
        required=False, min_value=1, max_value=MAX_ORDERS, help_text="12 unless given"
    )
    max_orders = StrictIntegerField(
        required=False, min_value=1, max_value=MAX_WAVE, help_text="1,000 unless given"
    )


class ShortBody(StrictSerializer):
    found = StrictIntegerField(
        min_value=0, max_value=1_000_000, help_text="How many of the line were found in all"
    )


class PickScanBody(ScanBody):
    tote = StrictIntegerField(
        required=False, min_value=1, max_value=MAX_ORDERS, help_text="Where the units were put"
    )


class PickScansBody(StrictSerializer):
    scans = PickScanBody(many=True, allow_empty=False, max_length=MAX_ITEMS)  # type: ignore[call-arg]


class PickListLineAnswer(serializers.Serializer[Any]):
    id = serializers.CharField()
    sku = serializers.CharField()
    name = serializers.CharField()
    barcodes = serializers.ListField(child=serializers.CharField())
    bin = serializers.CharField(allow_null=True)
    quantity = serializers.IntegerField()
    picked = serializers.IntegerField()
    short = serializers.IntegerField()
    cancelled = serializers.IntegerField(help_text="Asked for at first, and not wanted any more")
    put_back = serializers.IntegerField(help_text="Picked, and not wanted any more")
    order = serializers.CharField()
    fulfilment = serializers.CharField()
    tote = serializers.IntegerField()


class PickListAnswer(serializers.Serializer[Any]):
    id = serializers.CharField()
    state = serializers.ChoiceField(PickListState.choices)
    location = serializers.CharField()
    mode = serializers.ChoiceField(PickMode.choices)
    lines = PickListLineAnswer(many=True)
    person = serializers.CharField(allow_null=True, help_text="Whose work it is")
    created_by = serializers.CharField()
    created_at = serializers.DateTimeField()
    completed_at = serializers.DateTimeField(allow_null=True)
    updated_at = serializers.DateTimeField(help_text=UPDATED_AT)
    allowed_actions = serializers.ListField(child=serializers.CharField())


class WaveListAnswer(serializers.Serializer[Any]):
    id = serializers.CharField()
    orders = serializers.IntegerField()
    lines = serializers.IntegerField()
    units = serializers.IntegerField()


class WaveAnswer(serializers.Serializer[Any]):
    location = serializers.CharField()
    pick_lists = WaveListAnswer(many=True, help_text="The most urgent first")


class ScanResultAnswer(SaidOfScan):
    scan_id = serializers.UUIDField()
    result = serializers.ChoiceField(ScanVerdict.choices)
    first_result = serializers.ChoiceField(
        ScanVerdict.choices, required=False, help_text="Of a duplicate: what came of it first"
    )
    line = serializers.CharField(required=False)
    tote = serializers.IntegerField(required=False, help_text="Into which the units belong")


class ScansAnswer(serializers.Serializer[Any]):
    results = ScanResultAnswer(many=True)
    pick_list = PickListAnswer()


def row_id(text: str) -> int:
    """Parse an id of the URL; an invalid one is not found."""
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise NotFound("There is no such pick list.")
    return int(text)


class PickListsView(ApiView):
    scopes = {"GET": "orders:read", "POST": "fulfilment:write"}
    filterset_class = PickListFilters

    @extend_schema(operation_id="list_pick_lists", responses=listed(PickListAnswer))
    def get(self, request: Request) -> Response:
        """List pick lists, the oldest first."""
        rows = visible_pick_lists(self.actor).select_related("location")
        return self.page(rows, render=pick_list_documents)

    @extend_schema(
        operation_id="start_pick_list", request=PickListBody, responses={201: PickListAnswer}
    )
    def post(self, request: Request) -> HttpResponse:
        """Make a list of a location's open fulfilments: those named, or those with the oldest
        promise.
        """
        body = self.body(PickListBody)

        def effect() -> tuple[int, Any]:
            pick_list = start_pick_list(
                location=_location(body["location"], self.actor),
                mode=PickMode(body["mode"]),
                codes=body.get("fulfilments"),
                max_orders=body.get("max_orders", 12),
                actor=self.actor,
            )
            return 201, pick_list_document(pick_list)

        return self.act(effect)


class WavesView(ApiView):
    scopes = {"POST": "fulfilment:write"}

    @extend_schema(operation_id="start_wave", request=WaveBody, responses={201: WaveAnswer})
    def post(self, request: Request) -> HttpResponse:
        """Divide a location's open fulfilments among several lists, the oldest promise first."""
        body = self.body(WaveBody)

        def effect() -> tuple[int, Any]:
            location = _location(body["location"], self.actor)
            lists = start_wave(
                location=location,
                size=body.get("orders_per_list", 12),
                max_orders=body.get("max_orders", 1_000),
                actor=self.actor,
            )
            return 201, {"location": location.code, "pick_lists": count_up(lists)}

        return self.act(effect)


def _location(code: str, actor: Principal) -> Location:
    location = Location.objects.filter(code=code).first()
    if location is None or not actor.sees_location(code):
        raise ValidationFailed.at("/location", "There is no such location.", "unknown_location")
    return location


class PickListView(ApiView):
    scopes = {"GET": "orders:read"}

    @extend_schema(operation_id="get_pick_list", responses={200: PickListAnswer})
    def get(self, request: Request, identity: str) -> Response:
        """Show one pick list."""
        rows = visible_pick_lists(self.actor).select_related("location")
        pick_list = rows.filter(pk=row_id(identity)).first()
        if pick_list is None:
            raise NotFound("There is no such pick list.")
        return Response(pick_list_documents([pick_list])[0])


class ScansView(ApiView):
    scopes = {"POST": "fulfilment:write"}

    @extend_schema(
        operation_id="scan_picks",
        request=PickScansBody,
        responses={200: ScansAnswer},
        parameters=[SCAN_KEY],
    )
    def post(self, request: Request, identity: str) -> HttpResponse:
        """Count scanned units as picked. A batch may be sent again: no scan counts twice."""
        reads = [Read(**scan) for scan in self.body(PickScansBody)["scans"]]

        def effect() -> tuple[int, Any]:
            pick_list, results = scan_picks(
                identity=row_id(identity), reads=reads, actor=self.actor
            )
            return 200, {"results": results, "pick_list": pick_list_document(pick_list)}

        if "Idempotency-Key" in request.headers:
            return self.act(effect)
        status, answer = retry_conflicts(transaction.atomic(effect))
        return Response(answer, status=status)


class ShortView(ApiView):
    scopes = {"POST": "fulfilment:write"}

    @extend_schema(operation_id="short_pick", request=ShortBody, responses={200: PickListAnswer})
    def post(self, request: Request, identity: str, line: str) -> HttpResponse:
        """Record that fewer were found: the rest is sourced elsewhere, and must be counted."""
        found = self.body(ShortBody)["found"]

        def effect() -> tuple[int, Any]:
            pick_list = short_pick(
                identity=row_id(identity), line_id=row_id(line), found=found, actor=self.actor
            )
            return 200, pick_list_document(pick_list)

        return self.act(effect)


class CompleteView(ApiView):
    scopes = {"POST": "fulfilment:write"}

    @extend_schema(
        operation_id="complete_pick_list",
        request=StrictSerializer,
        responses={200: PickListAnswer},
    )
    def post(self, request: Request, identity: str) -> HttpResponse:
        """Close a list of which every line is picked or short."""
        self.body(StrictSerializer)

        def effect() -> tuple[int, Any]:
            pick_list = complete_pick_list(identity=row_id(identity), actor=self.actor)
            return 200, pick_list_document(pick_list)

        return self.act(effect)


urlpatterns = [
    path("pick-lists", PickListsView.as_view()),
    path("pick-lists/waves", WavesView.as_view()),
    path("pick-lists/<str:identity>", PickListView.as_view()),
    path("pick-lists/<str:identity>/scans", ScansView.as_view()),
    path("pick-lists/<str:identity>/lines/<str:line>/short", ShortView.as_view()),
    path("pick-lists/<str:identity>/complete", CompleteView.as_view()),
]
