"""Pick lists and their scans in the admin."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.decorators import display

from core.admin.base import (
    ReadOnlyAdmin,
    ReadOnlyInline,
    Searched,
    at,
    link,
    link_to,
)
from orders.models import PickList, PickListLine, Scan


class PickListLineInline(ReadOnlyInline):
    model = PickListLine
    fields = ("position", "bin", "sku", "quantity", "picked", "short", "tote", "fulfilment")
    readonly_fields = ("fulfilment",)
    verbose_name_plural = "Lines, in walking order"
    show_change_link = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        return rows.select_related("sku", "fulfilment_line__fulfilment")

    @display(description="Fulfilment")
    def fulfilment(self, line: PickListLine) -> Any:
        return link_to(line.fulfilment_line.fulfilment)


@admin.register(PickList)
class PickListAdmin(Searched, ReadOnlyAdmin):
    list_display = (
        "id",
        "location",
        "mode",
        "state",
        "person",
        "created_by",
        "created",
        "completed",
        "seen",
    )
    list_filter = ("location", "state", "mode")
    list_select_related = ("location",)
    ordering = ("-id",)
    search_help_text = "Order number, or the id of the list"
    readonly_fields = ("seen",)
    inlines = (PickListLineInline,)

    def find(self, word: str) -> Q:
        lines = PickListLine.objects.filter(fulfilment_line__fulfilment__order__number=word)
        condition = Q(pk__in=list(lines.values_list("pick_list", flat=True)))
        if word.isascii() and word.isdecimal() and len(word) < 19:
            condition |= Q(pk=int(word))
        return condition

    @display(description="Created", ordering="id")
    def created(self, walk: PickList) -> str:
        return at(walk.created_at)

    @display(description="Completed")
    def completed(self, walk: PickList) -> str:
        return at(walk.completed_at)

    @display(description="Scans")
    def seen(self, walk: PickList) -> SafeString:
        return link("Scans", "orders_scan", pick_list__id__exact=walk.pk)


@admin.register(Scan)
class ScanAdmin(Searched, ReadOnlyAdmin):
    list_display = (
        "scan_id",
        "pick_list",
        "payload",
        "units",
        "verdict",
        "detail",
        "actor",
        "recorded",
        "undone",
    )
    list_filter = ("verdict",)
    linked_by = ("pick_list__id__exact",)
    list_select_related = ("pick_list",)
    ordering = ("scan_id",)
    search_help_text = "Id of the scan, or of its pick list"

    def find(self, word: str) -> Q:
        if word.isascii() and word.isdecimal() and len(word) < 19:
            return Q(pick_list=int(word))
        try:
            return Q(pk=uuid.UUID(word))
        except ValueError:
            return Q(pk__in=[])

    @display(description="Recorded")
    def recorded(self, scan: Scan) -> str:
        return at(scan.recorded_at)

    @display(description="Undone")
    def undone(self, scan: Scan) -> str:
        return at(scan.undone_at)
