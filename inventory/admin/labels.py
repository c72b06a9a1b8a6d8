"""Lots and serial numbers in the admin."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Q
from unfold.decorators import display

from core.admin.base import ReadOnlyAdmin, Searched, at
from inventory.models import LabelRecord


@admin.register(LabelRecord)
class LabelRecordAdmin(Searched, ReadOnlyAdmin):
    list_display = (
        "id",
        "sku",
        "lot",
        "serial",
        "expiry",
        "units",
        "step",
        "location",
        "reference",
        "actor",
        "recorded",
    )
    list_filter = ("step", "location")
    list_select_related = ("sku", "location")
    ordering = ("-id",)
    search_help_text = "A lot or serial number, or a reference"

    def find(self, word: str) -> Q:
        return Q(lot=word) | Q(serial=word) | Q(reference=word)

    @display(description="Recorded", ordering="id")
    def recorded(self, row: LabelRecord) -> str:
        return at(row.recorded_at)
