"""Where goods lie."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.decorators import display

from inventory.models import Placement
from omniretail.admin_manners import ROWS, actor_of
from stores.commands.locations import note_new_plan
from stores.models import Location


@admin.register(Placement)
class PlacementAdmin(ModelAdmin):
    list_display = ("sku", "bin", "place")
    list_filter = ("bin__location",)
    list_select_related = ("sku", "bin__location")
    list_per_page = ROWS
    search_fields = ("=sku__code", "=bin__code")
    autocomplete_fields = ("sku", "bin")

    @display(description="Location")
    def place(self, placement: Placement) -> str:
        return str(placement.bin.location)

    @transaction.atomic
    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        place = Location.objects.select_for_update().get(bins=obj.bin_id)
        super().save_model(request, obj, form, change)
        note_new_plan(location=place, actor=actor_of(request))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self.delete_queryset(request, Placement.objects.filter(pk=obj.pk))

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Placement]) -> None:
        touched = list(queryset.values_list("bin__location", flat=True))
        places = Location.objects.filter(pk__in=touched).order_by("pk").select_for_update()
        for place in list(places):
            queryset.filter(bin__location=place).delete()
            note_new_plan(location=place, actor=actor_of(request))
