"""`/deliveries`: goods that suppliers announce, and their receipt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

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
    EmptyBody,
    QuantityField,
    StrictBooleanField,
    StrictSerializer,
    StringField,
)
from core.api.filters import UPDATED_AT
from core.api.views import ApiView, listed
from core.problems.catalogue import NotFound, ValidationFailed
from inventory.api.fields import MomentField, ReferenceField, SkuField
from inventory.api.filters import DeliveryFilters
from inventory.barcodes import MAX_LENGTH
from inventory.choices import DeliveryState
from inventory.commands.goods_in.expect import Announcement, cancel_delivery, expect_delivery
from inventory.commands.goods_in.receive import Arrived
from inventory.commands.goods_in.take_in import take_in_delivery
from inventory.queries.deliveries import delivery_documents, visible_deliveries
from inventory.queries.line_skus import LineSkus, find_line_skus
from inventory.queries.transfers import as_id


class GoodsLineBody(StrictSerializer):
    """Units of a SKU, named by its code or its barcode."""

    sku = SkuField(required=False)
    barcode = StringField(required=False, max_length=MAX_LENGTH, trim_whitespace=False)
    quantity = QuantityField(
        required=False,
        help_text="Units of a sku; of a barcode how often it is there (1): a case counts whole",
    )

    def validate(self, attrs: Any) -> Any:
        if ("sku" in attrs) == ("barcode" in attrs):
            raise serializers.ValidationError(
                "Name the goods by sku or by barcode, one of them.", code="sku_or_barcode"
            )
        if "sku" in attrs and "quantity" not in attrs:
            raise serializers.ValidationError({"quantity": "Say how many."}, code="required")
        return {"quantity": 1} | attrs


class DeliveryBody(StrictSerializer):
    location = CodeField()
    reference = ReferenceField(help_text="The delivery's own number, one a location")
    supplier = StringField(required=False, allow_blank=True, default="", max_length=200)
    expected_at = MomentField(required=False, allow_null=True, default=None)
    lines = serializers.ListField(child=GoodsLineBody(), min_length=1, max_length=MAX_ITEMS)


class DeliveryLineAnswer(serializers.Serializer[Any]):
    sku = serializers.CharField()
    expected = serializers.IntegerField(help_text="0: came without being announced")
    received = serializers.IntegerField(help_text="All that came, damaged units among them")
    damaged = serializers.IntegerField(help_text="Of these, not for sale when they came")
    outstanding = serializers.IntegerField(help_text="Announced and not come")


class ExpectedDeliveryAnswer(serializers.Serializer[Any]):
    id = serializers.CharField()
    location = serializers.CharField()
    reference = serializers.CharField()
    supplier = serializers.CharField()
    expected_at = serializers.DateTimeField(allow_null=True)
    state = serializers.ChoiceField(DeliveryState.choices)
    lines = DeliveryLineAnswer(many=True)
    created_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    updated_at = serializers.DateTimeField(help_text=UPDATED_AT)
    allowed_actions = serializers.ListField(child=serializers.CharField())


class DeliveriesView(ApiView):
    scopes = {"GET": "stock:read", "POST": "stock:write"}
    filterset_class = DeliveryFilters

    @extend_schema(operation_id="list_deliveries", responses={200: listed(ExpectedDeliveryAnswer)})
    def get(self, request: Request) -> Response:
        """List deliveries, the newest first."""
        return self.page(visible_deliveries(self.actor), render=delivery_documents)

    @extend_schema(
        operation_id="expect_delivery",
        request=DeliveryBody,
        responses={201: ExpectedDeliveryAnswer, 200: ExpectedDeliveryAnswer},
    )
    def post(self, request: Request) -> HttpResponse:
        """Record a delivery that a supplier has announced; lines of one SKU are summed.

        The same announcement again is the same delivery, and answered with 200.
        """
        body = self.body(DeliveryBody)

        def effect() -> tuple[int, Any]:
            announced = expect_delivery(
                announcement=read_announcement(body, actor=self.actor), actor=self.actor
            )
            status = 201 if announced.is_new else 200
            return status, show_delivery(str(announced.delivery_id), actor=self.actor)

        return self.act(effect)


class DeliveryView(ApiView):
    scopes = {"GET": "stock:read"}

    @extend_schema(operation_id="get_delivery", responses={200: ExpectedDeliveryAnswer})
    def get(self, request: Request, identity: str) -> Response:
        """Show a delivery."""
        return Response(show_delivery(identity, actor=self.actor))


class DeliveryCancellationView(ApiView):
    scopes = {"POST": "stock:write"}

    @extend_schema(
        operation_id="cancel_delivery", request=EmptyBody, responses={200: ExpectedDeliveryAnswer}
    )
    def post(self, request: Request, identity: str) -> HttpResponse:
        """Cancel a delivery of which nothing has been received."""
        self.body(EmptyBody)

        def effect() -> tuple[int, Any]:
            cancel_delivery(identity=identity, actor=self.actor)
            return 200, show_delivery(identity, actor=self.actor)

        return self.act(effect)


def show_delivery(identity: str, *, actor: Principal) -> dict[str, Any]:
    found = delivery_documents(visible_deliveries(actor).filter(pk=as_id(identity)))
    if not found:
        raise NotFound("There is no such delivery.")
    return found[0]


def read_announcement(body: dict[str, Any], *, actor: Principal) -> Announcement:
    """Look up the codes of a validated body. Raises `ValidationFailed` with pointers."""
    named = find_line_skus(body["lines"], locations={"/location": body["location"]}, actor=actor)
    units: dict[int, int] = {}
    for sku_id, quantity in zip(named.sku_ids, named.units, strict=True):
        units[sku_id] = units.get(sku_id, 0) + quantity
    return Announcement(
        location_id=named.found.places[body["location"]].id,
        reference=body["reference"],
        units=units,
        supplier=body["supplier"],
        expected_at=body["expected_at"],
    )


class ArrivedLineBody(GoodsLineBody):
    damaged = QuantityField(
        min_value=0, required=False, default=0, help_text="Units of these, not fit for sale"
    )


class DeliveryReceiptBody(StrictSerializer):
    lines = serializers.ListField(
        child=ArrivedLineBody(), max_length=MAX_ITEMS, required=False, default=list
    )
    close = StrictBooleanField(
        required=False, default=False, help_text="Wait no more for what has not come"
    )

    def validate(self, attrs: Any) -> Any:
        if not attrs["lines"] and not attrs["close"]:
            raise serializers.ValidationError(
                {"lines": "Say what has arrived, or close the delivery."}, code="nothing_received"
            )
        return attrs


class DeliveryReceiptView(ApiView):
    scopes = {"POST": "stock:write"}

    @extend_schema(
        operation_id="receive_delivery",
        request=DeliveryReceiptBody,
        responses={200: ExpectedDeliveryAnswer},
    )
    def post(self, request: Request, identity: str) -> HttpResponse:
        """Receive what has arrived, in one or several parts, and fill backorders from it.

        More units than announced, and SKUs that were not announced, are recorded too. Lines of
        one SKU are summed.
        """
        body = self.body(DeliveryReceiptBody)

        def effect() -> tuple[int, Any]:
            show_delivery(identity, actor=self.actor)
            named = find_line_skus(body["lines"], locations={}, actor=self.actor)
            take_in_delivery(
                identity=identity,
                arrived=_sum_up(named, body["lines"]),
                close=body["close"],
                labels=named.labelled,
                actor=self.actor,
            )
            return 200, show_delivery(identity, actor=self.actor)

        return self.act(effect)


def _sum_up(named: LineSkus, lines: Sequence[dict[str, Any]]) -> dict[int, Arrived]:
    arrived: dict[int, Arrived] = {}
    errors = []
    for index, (sku_id, units, line) in enumerate(
        zip(named.sku_ids, named.units, lines, strict=True)
    ):
        if line["damaged"] > units:
            detail = "No more can be damaged than came: quantity counts all units."
            pointer = f"/lines/{index}/damaged"
            errors.append({"pointer": pointer, "detail": detail, "code": "more_than_came"})
        so_far = arrived.get(sku_id, Arrived(0))
        arrived[sku_id] = Arrived(so_far.units + units, so_far.damaged + line["damaged"])
    if errors:
        raise ValidationFailed(errors)
    return arrived


urlpatterns = [
    path("deliveries", DeliveriesView.as_view()),
    path("deliveries/<str:identity>", DeliveryView.as_view()),
    path("deliveries/<str:identity>/cancel", DeliveryCancellationView.as_view()),
    path("deliveries/<str:identity>/receipts", DeliveryReceiptView.as_view()),
]
