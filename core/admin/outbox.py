"""Published events."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from unfold.decorators import display

from core.admin.base import Personal, ReadOnlyAdmin, Searched, at
from core.outbox.models import Event, Relay

FAMILIES = (
    "stock",
    "reservation",
    "order",
    "fulfilment",
    "return",
    "refund",
    "transfer",
    "count",
    "customer",
)


class FamilyFilter(admin.SimpleListFilter):
    """The first word of the type: a list of all types would read the whole table."""

    title = "about"
    parameter_name = "about"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
        return [(family, family.capitalize()) for family in FAMILIES]

    def queryset(self, request: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
        family = self.value()
        return queryset.filter(type__startswith=f"{family}.") if family in FAMILIES else queryset


@admin.register(Event)
class EventAdmin(Searched, Personal):
    personal = ("data",)
    list_display = ("id", "type", "subject", "order", "actor", "written")
    list_filter = (FamilyFilter,)
    ordering = ("-id",)
    search_help_text = "Order number"

    def find(self, word: str) -> Q:
        return Q(order=word)

    @display(description="Time", ordering="id")
    def written(self, event: Event) -> str:
        return at(event.time)


@admin.register(Relay)
class RelayAdmin(ReadOnlyAdmin):
    list_display = ("id", "last_sequence", "last_id")
