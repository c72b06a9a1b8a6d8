"""What is written on a parcel: the one place where who packs it reads the address."""

from __future__ import annotations

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.access.scopes import HANDS_OVER
from core.api.views import ApiView
from core.audit.source import release
from core.problems.catalogue import NotFound
from orders.choices import FulfilmentState, FulfilmentType
from orders.masking import released
from orders.queries.fulfilments import workable_fulfilments

SENT = (FulfilmentType.SHIP, FulfilmentType.SAME_DAY)
BEING_PACKED = (FulfilmentState.PICKING, FulfilmentState.PACKED)


class ParcelLabelAnswer(serializers.Serializer[Any]):
    fulfilment = serializers.CharField()
    order = serializers.CharField()
    ship_to = serializers.DictField(allow_null=True, help_text="The whole address, as it was sent")


class ParcelLabelView(ApiView):
    scopes = {"GET": HANDS_OVER}

    @extend_schema(operation_id="get_parcel_label", responses={200: ParcelLabelAnswer})
    def get(self, request: Request, code: str) -> Response:
        """Return the address for the label of a parcel, while it is being picked or packed.

        Only at the location that sends it; `customers:read` is not needed.
        """
        parcel = (
            workable_fulfilments(self.actor)
            .filter(code=code, type__in=SENT, state__in=BEING_PACKED)
            .select_related("order")
            .first()
        )
        if parcel is None:
            raise NotFound("There is no parcel here that is being packed.")
        label = {
            "fulfilment": parcel.code,
            "order": parcel.order.number,
            "ship_to": parcel.order.ship_to,
        }
        release("labels")
        return Response(
            released(label, actor=self.actor, for_work=True), headers={"Cache-Control": "no-store"}
        )


urlpatterns = [path("fulfilments/<str:code>/label", ParcelLabelView.as_view())]
