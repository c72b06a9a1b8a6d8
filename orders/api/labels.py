"""`/lots` and `/serials`: where units with these labels are, and who bought them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.fields import StrictSerializer
from core.problems.catalogue import NotFound
from inventory.choices import LabelStep
from inventory.queries.labels import visible_labels
from inventory.queries.transfers import LARGEST_ID
from orders.api.personal import PersonalView
from orders.choices import FulfilmentState
from orders.queries.labels import label_documents

MOST_STEPS = 200  # of one answer


class LabelAnswer(serializers.Serializer[Any]):
    sku = serializers.CharField()
    lot = serializers.CharField(allow_null=True)
    serial = serializers.CharField(allow_null=True)
    expiry = serializers.DateField(allow_null=True)
    units = serializers.IntegerField()
    step = serializers.ChoiceField(LabelStep.choices)
    location = serializers.CharField()
    reference = serializers.CharField(
        allow_null=True, help_text="For what they moved: fulfilments/…, returns/…, deliveries/…"
    )
    order = serializers.CharField(allow_null=True, help_text="The order that they were picked for")
    state = serializers.ChoiceField(
        FulfilmentState.choices, allow_null=True, help_text="Of that fulfilment, as it is now"
    )
    actor = serializers.CharField(allow_null=True)
    recorded_at = serializers.DateTimeField()


class WayAnswer(serializers.Serializer[Any]):
    results = LabelAnswer(many=True)
    next = serializers.URLField(allow_null=True)


class WayQuery(StrictSerializer):
    before = serializers.IntegerField(
        required=False, min_value=1, max_value=LARGEST_ID, help_text="Follow `next`, which has it"
    )


class WayView(PersonalView):
    """The steps of units with one lot or serial number."""

    scopes = {"GET": "orders:read"}
    column: ClassVar[str]

    def way(self, code: str) -> Response:
        rows = visible_labels(self.actor).filter(**{self.column: code}).order_by("-id")
        before = self.query(WayQuery).get("before")
        if before is not None:
            rows = rows.filter(id__lt=before)
        found = list(rows[: MOST_STEPS + 1])
        if not found and before is None:
            raise NotFound(f"Nothing with this {self.column} was seen.")
        shown, more = found[:MOST_STEPS], found[MOST_STEPS:]
        address = f"{self.request.path}?before={shown[-1].pk}" if more else None
        return Response(
            {
                "results": label_documents(shown, actor=self.actor),
                "next": self.request.build_absolute_uri(address) if address else None,
            }
        )


class LotView(WayView):
    column = "lot"

    @extend_schema(operation_id="get_lot", parameters=[WayQuery], responses={200: WayAnswer})
    def get(self, request: Request, code: str) -> Response:
        """Show where units of a lot were seen, the newest first: received, picked, returned."""
        return self.way(code)


class SerialView(WayView):
    column = "serial"

    @extend_schema(operation_id="get_serial", parameters=[WayQuery], responses={200: WayAnswer})
    def get(self, request: Request, code: str) -> Response:
        """Show the way of a serial number, the newest step first: that is where it is."""
        return self.way(code)


urlpatterns = [
    path("lots/<path:code>", LotView.as_view()),
    path("serials/<path:code>", SerialView.as_view()),
]
