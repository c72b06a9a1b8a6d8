"""What `/pick-lists` takes and answers."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from core.api.fields import (
    MAX_ITEMS,
    CodeField,
    StrictBooleanField,
    StrictIntegerField,
    StrictSerializer,
    StringField,
)
from core.api.filters import UPDATED_AT
from core.problems.catalogue import NotFound
from inventory.api.scan_body import SaidOfScan, ScanBody
from orders.choices import PickListState, PickMode, ScanVerdict

MAX_ORDERS = 100
MAX_WAVE = 10_000
MAX_BINS = 100


class PickListBody(StrictSerializer):
    location = CodeField()
    fulfilments = serializers.ListField(
        child=StringField(max_length=40), required=False, allow_empty=False, max_length=MAX_ORDERS
    )
    max_orders = StrictIntegerField(
        required=False, min_value=1, max_value=MAX_ORDERS, help_text="12 unless given"
    )
    mode = serializers.ChoiceField(PickMode.choices, default=PickMode.BATCH)
    person = StringField(required=False, max_length=150, help_text="Whose work it is")

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


class PersonBody(StrictSerializer):
    person = StringField(
        required=False,
        max_length=150,
        help_text="For whom a client acts; a member of staff works as themself",
    )


class AssignBody(StrictSerializer):
    person = StringField(max_length=150, allow_null=True, help_text="Null: for who scans first")


class ShortBody(PersonBody):
    found = StrictIntegerField(
        min_value=0, max_value=1_000_000, help_text="How many of the line were found in all"
    )
    looked_in = serializers.ListField(
        child=CodeField(),
        required=False,
        max_length=MAX_BINS,
        help_text="Bins besides the line's own in which they were looked for",
    )
    everywhere = StrictBooleanField(
        required=False, default=False, help_text="They were looked for in all bins"
    )


class PickScanBody(ScanBody):
    tote = StrictIntegerField(
        required=False, min_value=1, max_value=MAX_ORDERS, help_text="Where the units were put"
    )


class PickScansBody(PersonBody):
    scans = PickScanBody(many=True, allow_empty=False, max_length=MAX_ITEMS)  # type: ignore[call-arg]


class PickListLineAnswer(serializers.Serializer[Any]):
    id = serializers.CharField()
    sku = serializers.CharField()
    name = serializers.CharField()
    barcodes = serializers.ListField(child=serializers.CharField())
    bin = serializers.CharField(allow_null=True)
    also_in = serializers.ListField(
        child=serializers.CharField(), help_text="Other bins, while units are to be picked"
    )
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
    undone = serializers.BooleanField(required=False, help_text="It was undone: it counts nothing")


class ScansAnswer(serializers.Serializer[Any]):
    results = ScanResultAnswer(many=True)
    pick_list = PickListAnswer()


def row_id(text: str) -> int:
    """Parse an id of the URL; an invalid one is not found."""
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise NotFound("There is no such pick list.")
    return int(text)
