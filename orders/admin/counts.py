"""Counts: the list, and the record of one."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from inventory.choices import CountState
from inventory.models import Count, CountLine, CountResult
from inventory.queries.counts import visible_counts, with_progress
from omniretail.admin_manners import ReadOnlyAdmin, ReadOnlyInline, Searched, actor_of, at


class OfSku(ReadOnlyInline):
    show_change_link = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("sku")


class CountLineInline(OfSku):
    model = CountLine
    fields = ("bin", "sku", "counted", "counted_by", "counted_at")
    verbose_name_plural = "Lines, in walking order"


class CountResultInline(OfSku):
    model = CountResult
    fields = ("sku", "recorded", "variance", "approved_by", "approved_at", "superseded")
    verbose_name_plural = "Results"


@admin.register(Count)
class CountAdmin(Searched, ReadOnlyAdmin):
    list_display = ("id", "name", "place", "stage", "progress", "created_by", "created")
    list_filter = ("state", "location")
    list_select_related = ("location",)
    ordering = ("-id",)
    search_help_text = "Id or name of the count"
    inlines = (CountLineInline, CountResultInline)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        return with_progress(rows.filter(pk__in=visible_counts(actor_of(request)).values("pk")))

    def find(self, word: str) -> Q:
        known = Q(name__iexact=word)
        if word.isascii() and word.isdecimal() and len(word) < 19:
            known |= Q(pk=int(word))
        return known

    @display(description="Location", ordering="location_id")
    def place(self, count: Count) -> str:
        return count.location.code

    @display(
        description="State",
        ordering="state",
        label={
            CountState.OPEN.label: "info",
            CountState.REVIEW.label: "warning",
            CountState.APPLIED.label: "success",
            CountState.CANCELLED.label: "danger",
        },
    )
    def stage(self, count: Count) -> str:
        return str(CountState(count.state).label)

    @display(description="Counted")
    def progress(self, count: Any) -> str:
        return f"{count.lines_counted} of {count.lines_total}"

    @display(description="Started", ordering="id")
    def created(self, count: Count) -> str:
        return at(count.created_at)
