"""Stock on its way between locations."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.decorators import display

from inventory.models import Transfer, TransferLine
from omniretail.admin_manners import ReadOnlyAdmin, ReadOnlyInline, link


class TransferLineInline(ReadOnlyInline):
    model = TransferLine
    fields = ("sku", "quantity", "received", "lost")
    show_change_link = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("sku")


@admin.register(Transfer)
class TransferAdmin(ReadOnlyAdmin):
    list_display = ("id", "source", "destination", "state", "created_by", "created_at", "moves")
    list_filter = ("state", "source", "destination")
    list_select_related = ("source", "destination")
    search_fields = ("=id", "=lines__sku__code")
    ordering = ("-id",)
    inlines = (TransferLineInline,)
    readonly_fields = ("moves",)

    @display(description="Ledger")
    def moves(self, transfer: Transfer) -> SafeString:
        return link("Ledger", "inventory_stockmovement", q=f"transfers/{transfer.pk}")
