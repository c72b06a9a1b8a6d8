"""Goods that suppliers have announced, and how far they have come in."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.decorators import display

from inventory.models import ExpectedDelivery, ExpectedDeliveryLine
from omniretail.admin_manners import ReadOnlyAdmin, ReadOnlyInline, at, link


class DeliveryLineInline(ReadOnlyInline):
    model = ExpectedDeliveryLine
    fields = ("sku", "expected", "received", "damaged", "still_to_come")
    readonly_fields = ("still_to_come",)
    verbose_name_plural = "Lines"
    show_change_link = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("sku").order_by("pk")

    @display(description="Outstanding")
    def still_to_come(self, line: ExpectedDeliveryLine) -> int:
        return line.outstanding


@admin.register(ExpectedDelivery)
class ExpectedDeliveryAdmin(ReadOnlyAdmin):
    list_display = ("reference", "location", "supplier", "state", "expected", "moves")
    list_filter = ("state", "location")
    list_select_related = ("location",)
    search_fields = ("=reference", "=lines__sku__code", "supplier")
    ordering = ("-id",)
    inlines = (DeliveryLineInline,)
    readonly_fields = ("moves",)

    @display(description="Expected", ordering="expected_at")
    def expected(self, delivery: ExpectedDelivery) -> str:
        return at(delivery.expected_at)

    @display(description="Ledger")
    def moves(self, delivery: ExpectedDelivery) -> SafeString:
        return link("Ledger", "inventory_stockmovement", q=delivery.reference)
