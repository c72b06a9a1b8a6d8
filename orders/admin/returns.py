"""Returns in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.decorators import display

from core.admin.base import ReadOnlyAdmin, ReadOnlyInline, Searched, at, link
from orders.choices import Disposition
from orders.models import Return, ReturnLine, ReturnReceiptLine


class ReturnLineInline(ReadOnlyInline):
    model = ReturnLine
    fields = ("line", "sku", "quantity", "received", "missing", "reason", "where")
    readonly_fields = ("line", "where")
    verbose_name_plural = "Lines"
    show_change_link = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request).select_related("sku", "order_line")
        return rows.prefetch_related("receipts__location").order_by("id")

    @display(description="Order line")
    def line(self, row: ReturnLine) -> str:
        return row.order_line.line_id if row.order_line else "–"

    @display(description="Where, and what became of it")
    def where(self, row: ReturnLine) -> str:
        parts = [
            f"{part.quantity - part.moved_on} {part.disposition} at {part.location.code}"
            for part in row.receipts.all()
            if part.quantity > part.moved_on
        ]
        return ", ".join(parts) or "–"


@admin.register(Return)
class ReturnAdmin(Searched, ReadOnlyAdmin):
    list_display = ("id", "order", "channel", "state", "resolution", "drop_off", "created", "moves")
    list_filter = ("state", "channel", "resolution", "drop_off")
    list_select_related = ("order", "channel")
    ordering = ("-id",)
    search_help_text = "Order number, or the id of the return"
    readonly_fields = ("moves",)
    inlines = (ReturnLineInline,)

    def find(self, word: str) -> Q:
        condition = Q(order__number=word)
        if word.isascii() and word.isdecimal() and len(word) < 19:
            condition |= Q(pk=int(word))
        return condition

    @display(description="Created", ordering="id")
    def created(self, ret: Return) -> str:
        return at(ret.created_at)

    @display(description="Ledger")
    def moves(self, ret: Return) -> SafeString:
        return link("Ledger", "inventory_stockmovement", q=f"return/{ret.pk}")


class WaitingFilter(admin.SimpleListFilter):
    """Filters returns with units that await a decision in inspection."""

    title = "waits for a decision"
    parameter_name = "waiting"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Yes")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "yes":
            return queryset.filter(disposition=Disposition.INSPECT, moved_on__lt=F("quantity"))
        return queryset


@admin.register(ReturnReceiptLine)
class ReturnReceiptLineAdmin(Searched, ReadOnlyAdmin):
    list_display = ("id", "ret", "sku", "location", "quantity", "disposition", "moved_on", "actor")
    list_filter = (WaitingFilter, "location", "disposition")
    list_select_related = ("line__ret", "line__sku", "location")
    ordering = ("-id",)
    search_help_text = "Order number"

    def find(self, word: str) -> Q:
        return Q(line__ret__order__number=word)

    @display(description="Return")
    def ret(self, row: ReturnReceiptLine) -> str:
        return str(row.line.ret)

    @display(description="SKU")
    def sku(self, row: ReturnReceiptLine) -> str:
        return row.line.sku.code
