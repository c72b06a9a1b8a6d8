"""Fulfilments in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from unfold.decorators import display

from core.admin.base import ReadOnlyAdmin, ReadOnlyInline, Searched, actor_of, at, link_to
from orders.models import Fulfilment, FulfilmentLine, Order, UnitsToPutBack
from orders.models.fulfilment import FINISHED, UNFINISHED
from stores.models import Location

PICKED_AT = "picked_at"


class FulfilmentLineInline(ReadOnlyInline):
    model = FulfilmentLine
    fields = (
        "line",
        "sku",
        "quantity",
        "picked",
        "arrived",
        "fulfilled",
        "lost",
        "reservation_link",
    )
    readonly_fields = ("line", "sku", "reservation_link")
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

    @display(description="Reservation")
    def reservation_link(self, row: FulfilmentLine) -> Any:
        return link_to(row.reservation, f"{row.reservation.quantity} {row.reservation.state}")


class ToPutBackInline(ReadOnlyInline):
    model = UnitsToPutBack
    fields = ("sku", "location", "quantity")
    verbose_name_plural = "To put back"
    show_change_link = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("sku", "location").order_by("id")


class PickedAtFilter(admin.SimpleListFilter):
    """Filters by the location where the goods are picked: the sender, for ship-to-store."""

    title = "picked at"
    parameter_name = PICKED_AT

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
        places = Location.objects.visible_to(actor_of(request)).order_by("code")
        return [(str(place.pk), str(place)) for place in places]

    def queryset(self, request: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.value():
            return queryset
        # Several with commas between, as the overview links; an invalid id matches nothing.
        given = [text for text in str(self.value()).split(",") if _is_id(text)]
        picked = queryset.annotate(picked_at_id=Coalesce("source_id", "location_id"))
        answer: QuerySet[Any] = picked.filter(picked_at_id__in=given)
        return answer


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 19


@admin.register(Fulfilment)
class FulfilmentAdmin(Searched, ReadOnlyAdmin):
    list_display = (
        "code", "order", "location", "source", "type", "state", "promised", "tracking", "created",
    )  # fmt: skip
    list_filter = (PickedAtFilter, "location", "source", "state", "type")
    linked_by = ("pickup_expires_at__lt",)
    list_select_related = ("order", "location", "source")
    ordering = ("-id",)
    search_help_text = "Fulfilment, order number or tracking number"
    inlines = (FulfilmentLineInline, ToPutBackInline)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        # All states, by name: open fulfilments of a location are in one index, ended ones in
        # another.
        every = Q(state__in=UNFINISHED) | Q(state__in=FINISHED)
        return super().get_queryset(request).filter(every)

    def find(self, word: str) -> Q:
        orders = list(Order.objects.filter(number=word).values_list("pk", flat=True))
        return Q(code=word) | Q(order__in=orders) | Q(tracking_number=word)

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
