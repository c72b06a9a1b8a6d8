"""Response serializers of returns, for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from core.api.filters import UPDATED_AT
from orders.api.fields import MoneyField
from orders.choices import Disposition, DropOff, Resolution, ReturnState


class ReturnReceiptAnswer(serializers.Serializer[Any]):
    location = serializers.CharField()
    quantity = serializers.IntegerField()
    disposition = serializers.ChoiceField(Disposition.choices)


class ReturnLineAnswer(serializers.Serializer[Any]):
    line_id = serializers.CharField(allow_null=True)
    sku = serializers.CharField()
    quantity = serializers.IntegerField()
    reason = serializers.CharField()
    received = serializers.IntegerField()
    missing = serializers.IntegerField()
    receipts = ReturnReceiptAnswer(many=True)


class RefundAnswer(serializers.Serializer[Any]):
    amount = MoneyField(allow_null=True, help_text="Null without an order: no price is known")
    currency = serializers.CharField(allow_null=True)
    requested = serializers.BooleanField()


class UnspentAnswer(serializers.Serializer[Any]):
    units = serializers.IntegerField()
    value = MoneyField(allow_null=True, help_text="Null without an order: no price is known")
    currency = serializers.CharField(allow_null=True)


class DropOffAnswer(serializers.Serializer[Any]):
    type = serializers.ChoiceField(DropOff.choices)
    location = serializers.CharField(allow_null=True)


class ReturnAnswer(serializers.Serializer[Any]):
    id = serializers.CharField()
    order = serializers.CharField(allow_null=True)
    channel = serializers.CharField()
    state = serializers.ChoiceField(ReturnState.choices)
    resolution = serializers.ChoiceField(Resolution.choices)
    drop_off = DropOffAnswer()
    blind = serializers.BooleanField(help_text="Without an order")
    lines = ReturnLineAnswer(many=True)
    refund = RefundAnswer()
    exchanges = serializers.ListField(
        child=serializers.CharField(), help_text="The orders that replace what comes back"
    )
    unspent = UnspentAnswer(
        allow_null=True, help_text="What has come and no exchange has taken; null for a refund"
    )
    allowed_actions = serializers.ListField(child=serializers.CharField())
    created_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)
    updated_at = serializers.DateTimeField(help_text=UPDATED_AT)
    label_url = serializers.CharField(required=False, help_text="A page to print for the parcel")
