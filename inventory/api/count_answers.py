"""Response serializers of counts: the count, its entries, its review."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from core.api.filters import UPDATED_AT
from inventory.choices import CountState


class ThresholdAnswer(serializers.Serializer[Any]):
    units = serializers.IntegerField()
    percent = serializers.IntegerField()


class CountSummaryAnswer(serializers.Serializer[Any]):
    id = serializers.CharField()
    location = serializers.CharField()
    name = serializers.CharField()
    state = serializers.ChoiceField(CountState.choices)
    threshold = ThresholdAnswer()
    lines_total = serializers.IntegerField()
    lines_counted = serializers.IntegerField()
    created_by = serializers.CharField()
    created_at = serializers.DateTimeField()
    submitted_at = serializers.DateTimeField(allow_null=True)
    finished_by = serializers.CharField(allow_null=True, help_text="Who applied or cancelled it")
    finished_at = serializers.DateTimeField(allow_null=True)
    updated_at = serializers.DateTimeField(help_text=UPDATED_AT)
    allowed_actions = serializers.ListField(child=serializers.CharField())


class CountedLineAnswer(serializers.Serializer[Any]):
    sku = serializers.CharField()
    name = serializers.CharField()
    bin = serializers.CharField(allow_null=True, help_text="null: wherever it lies")
    counted = serializers.IntegerField(allow_null=True, help_text="null: not counted yet")
    counted_by = serializers.CharField(allow_null=True)
    counted_at = serializers.DateTimeField(allow_null=True)


class ReviewAnswer(serializers.Serializer[Any]):
    sku = serializers.CharField()
    counted = serializers.IntegerField(help_text="The sum over its bins")
    counted_at = serializers.DateTimeField()
    counted_by = serializers.ListField(child=serializers.CharField())
    recorded = serializers.IntegerField(help_text="What the record was at that moment")
    variance = serializers.IntegerField(help_text="counted - recorded")
    superseded = serializers.BooleanField(help_text="A later count stands; this changes nothing")
    check = serializers.ListField(
        child=serializers.ChoiceField(["units", "percent", "moved"]),
        help_text="Why a second person must look; empty: none needed",
    )
    needs_approval = serializers.BooleanField()
    approved_by = serializers.CharField(allow_null=True)
    approved_at = serializers.DateTimeField(allow_null=True)


class CountSessionAnswer(CountSummaryAnswer):
    lines = CountedLineAnswer(many=True, help_text="In walking order")
    review = ReviewAnswer(many=True, help_text="Empty while people count: they count blind")


class EntryAnswer(serializers.Serializer[Any]):
    entry_id = serializers.CharField()
    verdict = serializers.ChoiceField(["accepted", "duplicate"])


class EntriesAnswer(serializers.Serializer[Any]):
    entries = EntryAnswer(many=True)
    count = CountSessionAnswer()
