"""Availability for a product page, and of a whole channel as a file."""

from __future__ import annotations

import re
from typing import Any

from django.http.response import HttpResponseBase
from django.urls import path
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.csv_export import CsvRenderer, csv_answer
from core.api.fields import CodeField, StrictSerializer
from core.api.views import ApiView
from core.problems.catalogue import NotFound
from inventory.models import Product
from inventory.queries.available.availability import read_snapshot
from inventory.queries.lookup import find_among
from inventory.queries.variants import size_of, variants_of
from orders.api.availability import LineAvailabilityAnswer
from orders.api.availability_answer import render_availability
from orders.queries.availability import Point, Wanted, find_availability
from orders.queries.availability_file import availability_lines
from stores.geography import locate_postal_code
from stores.models import Channel

_COUNTRY = re.compile(r"[A-Za-z]{2}")


class PlaceField(serializers.CharField):
    """`latitude,longitude` in degrees, or `country,postal code`: `51.5,-0.1`, `GB,LS1 4DY`."""

    default_error_messages = {
        "no_place": "Write 51.5,-0.1 (latitude, longitude) or GB,LS1 4DY (country, postal code)."
    }

    def to_internal_value(self, data: Any) -> Any:
        first, _, second = super().to_internal_value(data).partition(",")
        if _COUNTRY.fullmatch(first.strip()) and second.strip():
            # A postal code that is not known: dates as for a customer who may be anywhere.
            return locate_postal_code(second, first.strip()) or ()
        try:
            latitude, longitude = float(first), float(second)
        except ValueError:
            self.fail("no_place")
        if not (abs(latitude) <= 90 and abs(longitude) <= 180):
            self.fail("no_place")
        return latitude, longitude


class ProductAvailabilityQuery(StrictSerializer):
    channel = CodeField()
    destination = PlaceField(
        required=False, help_text="`latitude,longitude` or `country,postal code`: `GB,LS1 4DY`"
    )


class VariantAvailabilityAnswer(LineAvailabilityAnswer):
    name = serializers.CharField()
    size = serializers.CharField(allow_null=True)
    attributes = serializers.DictField()


class ProductAvailabilityAnswer(serializers.Serializer[Any]):
    as_of = serializers.DateTimeField(help_text="Only a reservation is a promise")
    product = serializers.CharField()
    name = serializers.CharField()
    channel = serializers.CharField()
    variants = VariantAvailabilityAnswer(
        many=True, help_text="In the order of the size guide, then as they were made"
    )


class ProductAvailabilityView(ApiView):
    scopes = {"GET": "availability:read"}

    @extend_schema(
        operation_id="get_product_availability",
        parameters=[ProductAvailabilityQuery],
        responses={200: ProductAvailabilityAnswer},
    )
    def get(self, request: Request, code: str) -> Response:
        """Ask for one unit of every variant of a product: what a product page shows."""
        asked = self.query(ProductAvailabilityQuery)
        product = Product.objects.filter(code=code).first()
        if product is None:
            raise NotFound()
        skus = variants_of(product)
        snapshot = read_snapshot(sku.code for sku in skus)
        network = snapshot.network
        channels = {"channel": asked["channel"]}
        found = find_among(network, {}, actor=self.actor, skus={}, locations={}, channels=channels)
        destination: Point | None = asked.get("destination") or None
        availability = find_availability(
            snapshot=snapshot,
            network=network,
            lines=[Wanted(sku.code, 1) for sku in skus],
            source=found.channels[asked["channel"]],
            seen=[p for p in network.places.values() if self.actor.sees_stock_at(p.code)],
            destination=destination,
            at=timezone.now(),
        )
        answer = render_availability(availability, actor=self.actor)
        return Response(
            {
                "as_of": answer["as_of"],
                "product": product.code,
                "name": product.name,
                "channel": asked["channel"],
                "variants": [
                    {
                        **line,
                        "name": sku.name,
                        "size": size_of(sku),
                        "attributes": sku.attributes,
                    }
                    for sku, line in zip(skus, answer["lines"], strict=True)
                ],
            }
        )


class ChannelAvailabilityView(ApiView):
    scopes = {"GET": "availability:read"}
    renderer_classes = [CsvRenderer, JSONRenderer]

    @extend_schema(
        operation_id="export_availability", responses={(200, "text/csv"): OpenApiTypes.STR}
    )
    def get(self, request: Request, code: str) -> HttpResponseBase:
        """Download what a channel may sell: a line for every SKU."""
        self.query(StrictSerializer)
        if not Channel.objects.visible_to(self.actor).filter(code=code).exists():
            raise NotFound()
        return csv_answer(
            availability_lines(code, actor=self.actor), file_name=f"availability-{code}.csv"
        )


urlpatterns = [
    path("products/<path:code>/availability", ProductAvailabilityView.as_view()),
    path("channels/<str:code>/availability.csv", ChannelAvailabilityView.as_view()),
]
