"""Counts in the admin: the list, one count, and links to the pages on which people count."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.views import ChangeList

from core.admin.base import ReadOnlyAdmin, ReadOnlyInline, Searched, actor_of, at
from inventory.choices import CountState
from inventory.models import Count, CountLine, CountResult
from inventory.pages.counts import address_of, start_page, work_page
from inventory.queries.counting.counts import with_progress


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


class CountList(ChangeList):
    """Lists counts, each with a link to the page on which people work on it."""

    def url_for_result(self, result: Any) -> str:
        return address_of(result)


@admin.register(Count)
class CountAdmin(Searched, ReadOnlyAdmin):
    # The first column is the link to the row: else a phone labels it as a box to tick.
    list_display = ("called", "place", "stage", "progress", "created_by", "created", "record")
    list_filter = ("state", "location")
    list_select_related = ("location",)
    ordering = ("-id",)
    search_help_text = "Id or name of the count"
    readonly_fields = ("work",)
    inlines = (CountLineInline, CountResultInline)
    list_before_template = "inventory/counts/above_list.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return with_progress(super().get_queryset(request))

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return CountList

    def get_urls(self) -> list[URLPattern]:
        work = path(
            "<str:identity>/work/",
            self.admin_site.admin_view(self.work_view),
            name="inventory_count_work",
        )
        start = path(
            "start/", self.admin_site.admin_view(self.start_view), name="inventory_count_start"
        )
        return [start, work, *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        may_start = {"may_start": actor_of(request).may("stock:write")}
        answer: HttpResponse = super().changelist_view(
            request, {**(extra_context or {}), **may_start}
        )
        return answer

    def work_view(self, request: HttpRequest, identity: str) -> HttpResponse:
        """Show a count's state and its next steps."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return work_page(request, identity, self._context(request))

    def start_view(self, request: HttpRequest) -> HttpResponse:
        """Choose what is to be counted."""
        return start_page(request, self._context(request))

    def _context(self, request: HttpRequest) -> dict[str, Any]:
        return {**self.admin_site.each_context(request), "opts": self.opts}

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> Any:
        # Counters must not see the figures of the review before a recount.
        blind = obj is not None and obj.state == CountState.OPEN
        return (CountLineInline,) if blind else self.inlines

    def find(self, word: str) -> Q:
        condition = Q(name__iexact=word)
        if word.isascii() and word.isdecimal() and len(word) < 19:
            condition |= Q(pk=int(word))
        return condition

    @display(description="Count", ordering="id")
    def called(self, count: Count) -> str:
        return str(count)

    @display(description="Count")
    def work(self, count: Count) -> SafeString:
        return format_html('<a class="text-link" href="{}">{}</a>', address_of(count), count)

    @display(description="Record")
    def record(self, count: Count) -> SafeString:
        address = reverse("admin:inventory_count_change", args=[count.pk])
        return format_html('<a class="text-link" href="{}">Who and when</a>', address)

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
