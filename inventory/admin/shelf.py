"""Where goods lie, and what is kept back for whom."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.decorators import display

from inventory.models import Placement, RingFence
from omniretail.access.principal import Principal
from omniretail.admin_manners import ROWS, actor_of
from omniretail.audit.record import record
from stores.commands.channels import raise_version
from stores.commands.locations import note_new_plan
from stores.models import Channel, Location


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


@contextmanager
def _changing_fences(channel_ids: list[int], *, actor: Principal) -> Iterator[None]:
    """Lock channels while their ring fences change, and let readers of them see a new version."""
    channels = list(Channel.objects.filter(pk__in=channel_ids).order_by("pk").select_for_update())
    yield
    for channel in channels:
        raise_version(channel)
        record(
            actor=actor,
            action="channel.ring_fences_replaced",
            subject=f"channels/{channel.code}",
            ring_fences=channel.ring_fences.count(),
        )


@admin.register(RingFence)
class RingFenceAdmin(ModelAdmin):
    list_display = ("sku", "location", "channel", "quantity", "until")
    list_filter = ("channel", "location")
    list_select_related = ("sku", "location", "channel")
    list_per_page = ROWS
    search_fields = ("=sku__code",)
    autocomplete_fields = ("sku", "location", "channel")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return ("channel", "sku", "location") if obj else ()

    @transaction.atomic
    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        with _changing_fences([obj.channel_id], actor=actor_of(request)):
            super().save_model(request, obj, form, change)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self.delete_queryset(request, RingFence.objects.filter(pk=obj.pk))

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[RingFence]) -> None:
        channels = list(queryset.values_list("channel", flat=True))
        with _changing_fences(channels, actor=actor_of(request)):
            queryset.delete()
