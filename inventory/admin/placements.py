"""Placements in the admin."""

from __future__ import annotations

from django.contrib import admin
from unfold.decorators import display

from core.admin.base import ROWS
from inventory.models import Placement
from stores.admin.floor_plan import PlanAdmin


@admin.register(Placement)
class PlacementAdmin(PlanAdmin):
    building = "bin__location"
    list_display = ("sku", "bin", "place")
    list_filter = ("bin__location",)
    list_select_related = ("sku", "bin__location")
    list_per_page = ROWS
    search_fields = ("=sku__code", "=bin__code")
    autocomplete_fields = ("sku", "bin")

    @display(description="Location")
    def place(self, placement: Placement) -> str:
        return str(placement.bin.location)
