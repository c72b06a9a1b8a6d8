"""Drift and last counts in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.decorators import display

from core.admin.base import ReadOnlyAdmin, Searched, at, link_to
from inventory.admin.links import OfSkuAtLocation, skus_named
from inventory.commands.counting.count import BY_PEOPLE
from inventory.models import CountEntry, Drift, LastCount
from inventory.queries.counting.drift import MOST_SHOWN, explain


class OfSkus(OfSkuAtLocation, Searched, ReadOnlyAdmin):
    """A list that is searched by SKU."""

    list_select_related: Any = ("sku", "location")
    ordering = ("-id",)
    search_help_text = "SKU code or barcode"

    def find(self, word: str) -> Q:
        return Q(sku__in=list(skus_named(word).values_list("pk", flat=True)))


class SourceFilter(admin.SimpleListFilter):
    """Filters by people or systems: a list of all sources would read the whole table."""

    title = "source"
    parameter_name = "source"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(BY_PEOPLE, "People"), ("systems", "Systems and files")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == BY_PEOPLE:
            return queryset.filter(source=BY_PEOPLE)
        return queryset.exclude(source=BY_PEOPLE) if self.value() == "systems" else queryset


@admin.register(Drift)
class DriftAdmin(OfSkus):
    list_display = ("when", "item", "place", "source", "reported", "expected", "off", "actor")
    list_filter = (SourceFilter, "location")
    readonly_fields = ("off",)
    change_form_after_template = "inventory/drift.html"

    @display(description="As of", ordering="id")
    def when(self, drift: Drift) -> str:
        return at(drift.as_of)

    @display(description="Drift", ordering="drift")
    def off(self, drift: Drift) -> str:
        return f"{drift.drift:+d}"

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        drift = self.get_object(request, object_id)
        told = {"steps": _steps(drift)} if isinstance(drift, Drift) else {}
        answer: HttpResponse = super().change_view(
            request, object_id, form_url, {**(extra_context or {}), **told}
        )
        return answer


def _steps(drift: Drift) -> dict[str, Any]:
    """Return as a table the movements between this figure and the one before it."""
    (steps,) = explain([drift])
    rows = [
        [
            at(step.occurred_at),
            f"{step.on_hand:+d}",
            step.reason.replace("_", " "),
            step.reference or "–",
            step.actor,
        ]
        for step in steps.shown
    ]
    since = f"since {at(drift.since)}" if drift.since else "from the beginning"
    return {
        "title": f"What moved {since} until {at(drift.as_of)}",
        "table": {"headers": ["Happened", "Units", "Reason", "Reference", "Who"], "rows": rows},
        "left_out": steps.left_out,
        "most": MOST_SHOWN,
    }


@admin.register(LastCount)
class LastCountAdmin(OfSkus):
    list_display = ("item", "place", "counted", "when", "source", "actor", "reference")
    list_filter = (SourceFilter, "location")

    @display(description="As of", ordering="at")
    def when(self, row: LastCount) -> str:
        return at(row.at)


@admin.register(CountEntry)
class CountEntryAdmin(Searched, ReadOnlyAdmin):
    """Count entries, with those that a recount withdrew."""

    list_display = ("seen", "count", "item", "bin", "figure", "counted_by", "voided")
    list_filter = ("voided", "line__count__location")
    list_select_related = ("line__count", "line__sku")
    ordering = ("-id",)
    search_help_text = "SKU code or barcode"

    def find(self, word: str) -> Q:
        return Q(line__sku__in=list(skus_named(word).values_list("pk", flat=True)))

    @display(description="Seen", ordering="id")
    def seen(self, entry: CountEntry) -> str:
        return at(entry.at)

    @display(description="Count")
    def count(self, entry: CountEntry) -> Any:
        return link_to(entry.line.count)

    @display(description="SKU")
    def item(self, entry: CountEntry) -> Any:
        return link_to(entry.line.sku)

    @display(description="Bin")
    def bin(self, entry: CountEntry) -> str:
        return entry.line.bin or "–"

    @display(description="Units")
    def figure(self, entry: CountEntry) -> str:
        return str(entry)
