"""What each location does for orders."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from omniretail.admin_manners import ReadOnlyAdmin, ReadOnlyInline, Searched, at, link_to
from orders.models import Fulfilment, FulfilmentLine


class FulfilmentLineInline(ReadOnlyInline):
    model = FulfilmentLine
    fields = ("line", "sku", "quantity", "picked", "arrived", "fulfilled", "claim")
    readonly_fields = ("line", "sku", "claim")
    verbose_name_plural = "Lines"
    show_change_link = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request).order_by("id")
        return rows.select_related("order_line__sku", "reservation")

    @display(description="Line")
    def line(self, row: FulfilmentLine) -> str:
        return row.order_line.line_id

    @display(description="SKU")
    def sku(self, row: FulfilmentLine) -> Any:
        return link_to(row.order_line.sku)

    @display(description="Claim")
    def claim(self, row: FulfilmentLine) -> Any:
        return link_to(row.reservation, f"{row.reservation.quantity} {row.reservation.state}")


@admin.register(Fulfilment)
class FulfilmentAdmin(Searched, ReadOnlyAdmin):
    list_display = (
        "code", "order", "location", "source", "type", "state", "promised", "tracking", "created",
    )  # fmt: skip
    list_filter = ("location", "source", "state", "type")
    list_select_related = ("order", "location", "source")
    ordering = ("-id",)
    search_help_text = "Fulfilment, order number or tracking number"
    inlines = (FulfilmentLineInline,)

    def find(self, word: str) -> Q:
        return Q(code=word) | Q(order__number=word) | Q(tracking_number=word)

    @display(description="Promised")
    def promised(self, fulfilment: Fulfilment) -> str:
        promise = fulfilment.promise or {}
        return promise.get("ready_by") or promise.get("deliver_by") or "–"

    @display(description="Tracking")
    def tracking(self, fulfilment: Fulfilment) -> str:
        return f"{fulfilment.carrier} {fulfilment.tracking_number}".strip() or "–"

    @display(description="Created", ordering="id")
    def created(self, fulfilment: Fulfilment) -> str:
        return at(fulfilment.created_at)
