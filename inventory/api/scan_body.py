"""What scans send and are answered: batches, each scan with an id of its own."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from core.api.fields import MAX_ITEMS, QuantityField, StrictSerializer, StringField

SCAN_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    required=False,
    description="Not needed here: each scan carries an id of its own.",
)


class ScanIdField(serializers.UUIDField):
    """A UUID as text; numbers are refused, because clients would number from 1 and collide."""

    def to_internal_value(self, data: Any) -> uuid.UUID:
        if not isinstance(data, str):
            self.fail("invalid", value=data)
        return super().to_internal_value(data)


class ScanBody(StrictSerializer):
    scan_id = ScanIdField()
    payload = StringField(max_length=512, trim_whitespace=False)
    quantity = QuantityField(default=1, help_text="How often it was read: a case code counts whole")
    at = serializers.DateTimeField(required=False, allow_null=True)


class ScansBody(StrictSerializer):
    scans = ScanBody(many=True, allow_empty=False, max_length=MAX_ITEMS)  # type: ignore[call-arg]


class SaidOfScan(serializers.Serializer[Any]):
    """What a scan's label says; what it does not say is left out."""

    sku = serializers.CharField(required=False)
    units = serializers.IntegerField(required=False, help_text="How many were read in all")
    lot = serializers.CharField(required=False)
    serial = serializers.CharField(required=False)
    expiry = serializers.DateField(required=False)
    detail = serializers.CharField(required=False, help_text="Why it was not accepted")


class LabelledUnitsAnswer(serializers.Serializer[Any]):
    """Units with what their label says."""

    sku = serializers.CharField()
    lot = serializers.CharField(allow_null=True)
    serial = serializers.CharField(allow_null=True)
    expiry = serializers.DateField(allow_null=True)
    units = serializers.IntegerField()
