"""What `/transfers` takes and answers."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from core.api.fields import (
    MAX_ITEMS,
    MAX_QUANTITY,
    CodeField,
    QuantityField,
    StrictBooleanField,
    StrictIntegerField,
    StrictSerializer,
)
from core.api.filters import UPDATED_AT
from inventory.api.fields import SkuField
from inventory.api.scan_body import SaidOfScan
from inventory.choices import TRANSFERABLE, TransferState, TransferVerdict

CONDITIONS = [(each.value, each.label) for each in TRANSFERABLE]


class TransferLineBody(StrictSerializer):
    sku = SkuField()
    quantity = QuantityField()


# `from` is a word of Python, so these fields cannot be attributes of a class body.
TransferBody = type(
    "TransferBody",
    (StrictSerializer,),
    {
        "from": CodeField(),
        "to": CodeField(),
        "lines": serializers.ListField(
            child=TransferLineBody(), min_length=1, max_length=MAX_ITEMS
        ),
        "condition": serializers.ChoiceField(
            CONDITIONS,
            required=False,
            allow_null=True,
            help_text="Of units that may not be sold: they arrive as they left",
        ),
    },
)


class TransferLineAnswer(serializers.Serializer[Any]):
    sku = serializers.CharField()
    quantity = serializers.IntegerField()
    received = serializers.IntegerField()
    lost = serializers.IntegerField()
    left_behind = serializers.IntegerField(help_text="Drafted, but not loaded")
    surplus = serializers.IntegerField(help_text="Taken in beyond what was sent")
    damaged = serializers.IntegerField(help_text="Of what arrived")
    loaded = serializers.IntegerField(help_text="Scanned at the source")
    unloaded = serializers.IntegerField(help_text="Scanned on arrival, not received yet")


TransferAnswer = type(
    "TransferAnswer",
    (serializers.Serializer,),
    {
        "id": serializers.CharField(),
        "from": serializers.CharField(),
        "to": serializers.CharField(),
        "state": serializers.ChoiceField(TransferState.choices),
        "condition": serializers.ChoiceField(
            CONDITIONS, allow_null=True, help_text="Null: units that may be sold"
        ),
        "reference": serializers.CharField(help_text="For whom it travels; empty: for stock"),
        "lines": TransferLineAnswer(many=True),
        "created_at": serializers.DateTimeField(),
        "dispatched_at": serializers.DateTimeField(allow_null=True),
        "received_at": serializers.DateTimeField(allow_null=True),
        "updated_at": serializers.DateTimeField(help_text=UPDATED_AT),
        "allowed_actions": serializers.ListField(child=serializers.CharField()),
    },
)


class TransferScanAnswer(SaidOfScan):
    scan_id = serializers.UUIDField()
    result = serializers.ChoiceField(TransferVerdict.choices)
    first_result = serializers.ChoiceField(
        TransferVerdict.choices, required=False, help_text="Of a duplicate: what came of it first"
    )


class TransferScansAnswer(serializers.Serializer[Any]):
    results = TransferScanAnswer(many=True)
    transfer = TransferAnswer()


class TransferDispatchBody(StrictSerializer):
    as_scanned = StrictBooleanField(
        required=False, default=False, help_text="What was loaded leaves, the rest stays behind"
    )


class ArrivalBody(TransferLineBody):
    damaged = StrictIntegerField(
        required=False, min_value=0, max_value=MAX_QUANTITY, help_text="Of `quantity`"
    )

    def validate(self, attrs: Any) -> Any:
        if attrs.get("damaged", 0) > attrs["quantity"]:
            raise serializers.ValidationError(
                {"damaged": "No more can be damaged than has arrived."}, code="too_many"
            )
        return attrs


class TransferReceiptBody(StrictSerializer):
    lines = serializers.ListField(
        child=ArrivalBody(), max_length=MAX_ITEMS, required=False, default=list
    )
    close = StrictBooleanField(
        required=False, default=False, help_text="Settle as lost what has not arrived"
    )
    accept_surplus = StrictBooleanField(
        required=False, default=False, help_text="Take in more or other goods than were sent"
    )
    as_scanned = StrictBooleanField(
        required=False, default=False, help_text="What was unloaded has arrived, without `lines`"
    )

    def validate(self, attrs: Any) -> Any:
        if attrs["lines"] and attrs["as_scanned"]:
            raise serializers.ValidationError(
                {"lines": "Say what has arrived, or take it as scanned: not both."}, code="not_both"
            )
        if not (attrs["lines"] or attrs["close"] or attrs["as_scanned"]):
            raise serializers.ValidationError(
                {"lines": "Say what has arrived, or close the transfer."}, code="nothing_received"
            )
        return attrs
