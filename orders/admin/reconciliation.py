"""Checks of the laws: runs, violations, their meaning and remedy."""

from __future__ import annotations

from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from unfold.decorators import display

from core.admin.base import ReadOnlyAdmin, Searched, actor_of, at, link_to
from inventory.timestamps import as_text
from orders.commands.reconcile import reconcile
from orders.models import Reconciliation, Violation
from orders.queries.reconciliation import LAWS, meaning_of

SOUND, FOUND = "In order", "Violations found"


@admin.register(Reconciliation)
class ReconciliationAdmin(ReadOnlyAdmin):
    list_display = ("started", "result", "violation_count", "rows_checked", "took", "asked_by")
    ordering = ("-id",)
    list_before_template = "orders/reconciliation/check_now.html"
    change_form_after_template = "orders/reconciliation/violations.html"
    readonly_fields = ("result",)

    @display(description="Began", ordering="id")
    def started(self, run: Reconciliation) -> str:
        return at(run.started_at)

    @display(description="Took")
    def took(self, run: Reconciliation) -> str:
        return f"{(run.finished_at - run.started_at).total_seconds():.1f} s"

    @display(description="Result", label={SOUND: "success", FOUND: "danger"})
    def result(self, run: Reconciliation) -> str:
        return FOUND if run.violation_count else SOUND

    def get_urls(self) -> list[URLPattern]:
        check = self.admin_site.admin_view(self.check_now)
        return [
            path("check-now", check, name="orders_reconciliation_check_now"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        told = {"may_check": _may_check(request)}
        return super().changelist_view(request, {**(extra_context or {}), **told})

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        is_id = object_id.isascii() and object_id.isdecimal() and len(object_id) < 19
        told = {"laws": _by_law(int(object_id))} if is_id else {}
        answer: HttpResponse = super().change_view(
            request, object_id, form_url, {**(extra_context or {}), **told}
        )
        return answer

    def check_now(self, request: HttpRequest) -> HttpResponse:
        """Check every law now, for example after a repair."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not (self.has_view_permission(request) and _may_check(request)):
            raise PermissionDenied
        run = reconcile(actor=actor_of(request))
        if run is None:
            messages.warning(request, "A check is running already. Look again in a minute.")
            return HttpResponseRedirect(reverse("admin:orders_reconciliation_changelist"))
        return HttpResponseRedirect(reverse("admin:orders_reconciliation_change", args=[run.pk]))


def _may_check(request: HttpRequest) -> bool:
    """Say whether a person may check the whole pool, of which all places are part."""
    actor = actor_of(request)
    return actor.may("*") and not actor.is_tied


class LawFilter(admin.SimpleListFilter):
    """Filters by all laws: a list of the violated ones would read the whole table."""

    title = "law"
    parameter_name = "law"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(law, law.replace("_", " ").capitalize()) for law in LAWS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(law=self.value()) if self.value() in LAWS else queryset


@admin.register(Violation)
class ViolationAdmin(Searched, ReadOnlyAdmin):
    list_display = (
        "law",
        "subject",
        "sku",
        "location",
        "expected",
        "found",
        "is_new",
        "check_page",
    )
    list_filter = (LawFilter, "is_new")
    list_select_related = ("reconciliation",)
    ordering = ("-id",)
    search_help_text = "SKU code, or the name of a law"

    def find(self, word: str) -> Q:
        return Q(sku=word) | Q(law=word)

    @display(description="Check")
    def check_page(self, row: Violation) -> Any:
        return link_to(row.reconciliation)


def _by_law(run_id: int) -> list[dict[str, Any]]:
    """Return the violations of a check by law, each law with its meaning."""
    run = Reconciliation.objects.filter(pk=run_id).first()
    rows = Violation.objects.filter(reconciliation=run_id).order_by("law", "id")
    return [
        {
            "law": law,
            "meaning": meaning_of(law),
            "rows": [{"row": row, "href": _look_back(row, run)} for row in some],
        }
        for law, some in groupby(rows, key=lambda row: row.law)
    ]


def _look_back(row: Violation, run: Reconciliation | None) -> str:
    if run is None or not (row.sku and row.location):
        return ""
    moment = {"sku": row.sku, "location": row.location, "at": as_text(run.started_at)}
    return f"{reverse('stock-as-of')}?{urlencode(moment)}"
