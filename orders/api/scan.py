"""`/scan`: resolving any scanned text."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.urls import path, register_converter
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.fields import StrictSerializer, StringField
from core.api.views import ApiView
from inventory.queries.scan import find_scanned
from orders.queries.scan import PREFIX, find_named

UNREADABLE = OpenApiResponse(description="A barcode with a wrong check digit, or none at all")


class ScannedText:
    """Everything to the end of the address: slashes, separators and line ends too."""

    regex = r"(?s:.+)"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class ScanQuery(StrictSerializer):
    payload = serializers.CharField(max_length=4_096, trim_whitespace=False)


class ScannedBody(StrictSerializer):
    payload = StringField(
        max_length=4_096, trim_whitespace=False, help_text="The text as it was scanned or typed"
    )


class ScanAnswer(serializers.Serializer[Any]):
    kind = serializers.CharField(
        help_text="What kind of code it is (gtin13, gs1_128, digital_link, in_house, sku, …), "
        "or order, pickup, return, bin for a QR code of this service"
    )
    sku = serializers.CharField(required=False)
    gtin14 = serializers.CharField(required=False)
    code = serializers.CharField(required=False, help_text="An in-house code as printed")
    lot = serializers.CharField(required=False)
    serial = serializers.CharField(required=False)
    expiry = serializers.DateField(required=False)
    units = serializers.IntegerField(
        required=False, help_text="How many units one read stands for; left out: one"
    )
    order = serializers.CharField(required=False)
    fulfilment = serializers.CharField(required=False)
    location = serializers.CharField(required=False)
    bin = serializers.CharField(required=False)
    skus = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="What lies in the bin"
    )

    def get_fields(self) -> dict[str, Any]:
        # No attribute of a class can be called `return`.
        return super().get_fields() | {"return": serializers.CharField(required=False)}


class ScanView(ApiView):
    scopes = {"GET": "catalogue:read"}

    @extend_schema(
        operation_id="scan",
        parameters=[OpenApiParameter("payload", str, OpenApiParameter.PATH)],
        responses={200: ScanAnswer, 422: UNREADABLE},
    )
    def get(self, request: Request, payload: str) -> Response:
        """Resolve a scanned text, percent-encoded as the rest of the address.

        Passes of customers belong into the body of `POST /scan`: proxies log addresses.
        """
        asked = request.META.get("QUERY_STRING", "")
        # A URL on the label that was not encoded: its own query is part of it.
        return _answer(f"{payload}?{asked}" if asked else payload, self)


class ScanByQueryView(ApiView):
    scopes = {"GET": "catalogue:read", "POST": "catalogue:read"}
    reads_only = True

    @extend_schema(
        operation_id="scan_by_query",
        parameters=[ScanQuery],
        responses={200: ScanAnswer, 422: UNREADABLE},
    )
    def get(self, request: Request) -> Response:
        """Resolve a scanned text given as `payload`."""
        return _answer(self.query(ScanQuery)["payload"], self)

    @extend_schema(
        operation_id="scan_by_body",
        request=ScannedBody,
        responses={200: ScanAnswer, 422: UNREADABLE},
    )
    def post(self, request: Request) -> Response:
        """Resolve a scanned text given in the body, which no log of addresses keeps.

        Use it where customers' passes are scanned: whoever has the text of one can collect.
        """
        return _answer(self.body(ScannedBody)["payload"], self)


def _answer(payload: str, view: ApiView) -> Response:
    if payload.strip().startswith(PREFIX):
        found_by_name = find_named(payload, actor=view.actor)
        return Response(found_by_name, headers={"Cache-Control": "no-store"})
    found: dict[str, Any] = asdict(find_scanned(payload))
    if found["units"] == 1:
        del found["units"]
    return Response({name: value for name, value in found.items() if value is not None})


register_converter(ScannedText, "scanned_text")

urlpatterns = [
    path("scan", ScanByQueryView.as_view()),
    path("scan/<scanned_text:payload>", ScanView.as_view()),
]
