"""Base of the admin pages for bins and placements."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from core.admin.base import ModelAdmin, actor_of
from stores.commands.locations import note_new_plan
from stores.models import Location


class PlanAdmin(ModelAdmin):
    """Change a building's bins under the lock of its row, and record its new version."""

    scope_to_change = "catalogue:write"
    changed_by_tied = True
    building = "location"  # the lookup from a row to its location

    @transaction.atomic
    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        pk = attrgetter(self.building.replace("__", "."))(obj).pk
        place = Location.objects.select_for_update().get(pk=pk)
        super().save_model(request, obj, form, change)
        note_new_plan(location=place, actor=actor_of(request))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self.delete_queryset(request, type(obj).objects.filter(pk=obj.pk))

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        touched = list(queryset.values_list(self.building, flat=True))
        places = Location.objects.filter(pk__in=touched).order_by("pk").select_for_update()
        for place in list(places):
            queryset.filter(**{self.building: place}).delete()
            note_new_plan(location=place, actor=actor_of(request))
