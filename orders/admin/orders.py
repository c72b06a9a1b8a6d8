"""The page of an order: its lines, its fulfilments, its returns, its timeline."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from unfold.decorators import display

from core.access.principal import Principal
from core.admin.base import (
    Downloaded,
    Personal,
    ReadOnlyAdmin,
    ReadOnlyInline,
    Searched,
    actor_of,
    at,
    link,
    link_to,
)
from inventory.models import Sku
from orders.admin.people import PeopleSearched
from orders.admin.released import ReleasedAdmin
from orders.choices import OrderState
from orders.masking import masked_email, masked_name, masked_person, released
from orders.models import Fulfilment, Order, OrderLine, Return, SourcingReceipt
from orders.money import format_amount
from orders.queries.finding import orders_with
from orders.queries.state import derive_state, in_states
from orders.queries.timeline import read_timeline
from orders.sourcing import read_receipt

ABOUT_CUSTOMER = ("customer", "ship_to", "note")
QUANTITIES = ("ordered", "cancelled", "reserved", "backordered", "fulfilled", "returned")


def state_of(order: Order) -> OrderState:
    """Return the state of an order, derived from its loaded lines."""
    lines = [{name: getattr(line, name) for name in QUANTITIES} for line in order.lines.all()]
    return OrderState(derive_state(lines))


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: Any, model_admin: Any) -> Any:
        return OrderState.choices

    def queryset(self, request: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
        state = self.value()
        return in_states(queryset, [state]) if state and state in OrderState else queryset


class LineInline(ReadOnlyInline):
    model = OrderLine
    fields = ("line_id", "sku", "price", *QUANTITIES, "fulfilment_type", "location")
    readonly_fields = ("price",)
    verbose_name_plural = "Lines"
    show_change_link = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("sku", "location", "order")

    @display(description="Unit price")
    def price(self, line: OrderLine) -> str:
        return format_amount(line.unit_price, line.order.currency)


class FulfilmentInline(ReadOnlyInline):
    model = Fulfilment
    fields = ("page", "type", "location", "state", "carrier", "tracking_number", "units")
    readonly_fields = ("page", "units")
    verbose_name_plural = "Fulfilments"
    show_change_link = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request).select_related("location").order_by("id")
        return rows.prefetch_related("lines__order_line__sku")

    @display(description="Fulfilment")
    def page(self, fulfilment: Fulfilment) -> Any:
        return link_to(fulfilment)

    @display(description="Units")
    def units(self, fulfilment: Fulfilment) -> str:
        return ", ".join(
            f"{line.quantity} x {line.order_line.sku.code}" for line in fulfilment.lines.all()
        )


class ReturnInline(ReadOnlyInline):
    model = Return
    fk_name = "order"
    fields = ("page", "channel", "state", "resolution", "units", "created_at")
    readonly_fields = ("page", "units")
    verbose_name_plural = "Returns"
    show_change_link = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request).select_related("channel").order_by("id")
        return rows.prefetch_related("lines__sku")

    @display(description="Return")
    def page(self, ret: Return) -> Any:
        return link_to(ret)

    @display(description="Received of announced")
    def units(self, ret: Return) -> str:
        return ", ".join(
            f"{line.received} of {line.quantity} x {line.sku.code}" for line in ret.lines.all()
        )


@admin.register(Order)
class OrderAdmin(ReleasedAdmin, Downloaded, PeopleSearched):
    personal = ("who", "ship_to", "note")
    released = "orders"
    download_address = "/api/v1/exports/orders.csv"
    list_display = ("number", "channel", "external_id", "who", "state", "total", "placed")
    list_filter = ("channel", StateFilter, "placed_at")
    linked_by = ("customer__id__exact",)
    list_select_related = ("channel", "customer")
    ordering = ("-id",)
    search_help_text = "Number, external id, the customer's e-mail or id"
    readonly_fields = ("state", "total", "placed", "who", "pages")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("number", "state"),
                    ("channel", "external_id"),
                    ("placed", "total"),
                    ("customer", "who"),
                    "payment_reference",
                    "ship_to",
                    "note",
                    ("allow_split", "allow_backorder"),
                    ("allow_partial", "exchange_of"),
                    "pages",
                )
            },
        ),
    )
    inlines = (LineInline, FulfilmentInline, ReturnInline)
    change_form_after_template = "orders/timeline.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("lines")

    def get_list_display(self, request: HttpRequest) -> Any:
        return _readable(super().get_list_display(request), request)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return [
            (title, options | {"fields": _readable(options["fields"], request)})
            for title, options in super().get_fieldsets(request, obj)
        ]

    def find(self, word: str) -> Q:
        return orders_with(word)

    @display(
        description="State",
        label={
            OrderState.OPEN.label: "info",
            OrderState.BACKORDERED.label: "warning",
            OrderState.PARTIALLY_FULFILLED.label: "info",
            OrderState.COMPLETED.label: "success",
            OrderState.CANCELLED.label: "danger",
        },
    )
    def state(self, order: Order) -> str:
        return str(state_of(order).label)

    @display(description="Customer")
    def who(self, order: Order) -> str:
        known = order.customer
        return (known.name or known.email or known.external_id or "–") if known else "–"

    @display(description="Customer")
    def masked_who(self, order: Order) -> str:
        known = order.customer
        return (masked_name(known.name) or masked_email(known.email) or "–") if known else "–"

    @display(description="Ship to")
    def masked_ship_to(self, order: Order) -> str:
        shown = masked_person(order.ship_to) or {}
        return ", ".join(str(part) for part in shown.values() if part) or "–"

    @display(description="Total")
    def total(self, order: Order) -> str:
        amount = sum(
            line.unit_price * (line.ordered - line.cancelled) for line in order.lines.all()
        )
        return f"{format_amount(amount, order.currency)} {order.currency}"

    @display(description="Placed", ordering="id")
    def placed(self, order: Order) -> str:
        return at(order.placed_at)

    @display(description="More")
    def pages(self, order: Order) -> SafeString:
        reservations = link("Reservations", "inventory_reservation", q=order.number)
        moves = link("Ledger", "inventory_stockmovement", q=order.number)
        events = link("Events", "outbox_event", q=order.number)
        return SafeString(f"{reservations} · {moves} · {events}")

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        number = Order.objects.filter(pk=_number(object_id) or 0).values_list("number", flat=True)
        actor = actor_of(request)
        told: dict[str, Any] = {}
        if number:
            told["story"] = _story(number[0], actor)
            told["decisions"] = _decisions(number[0], actor)
        answer: HttpResponse = super().change_view(
            request, object_id, form_url, {**(extra_context or {}), **told}
        )
        return answer


def _readable(names: Any, request: HttpRequest) -> list[Any]:
    """Leave out what tells of the customer, for those who may not read it."""
    if actor_of(request).may("customers:read"):
        return list(names)
    shown = [name for name in names if name not in ABOUT_CUSTOMER]
    return [tuple(_readable(n, request)) if isinstance(n, tuple) else n for n in shown]


def _number(text: str) -> int | None:
    """Parse the id in a URL; one outside the column's range is not found."""
    is_id = text.isascii() and text.isdecimal() and len(text) < 19
    return int(text) if is_id else None


def _story(number: str, actor: Principal) -> dict[str, Any]:
    """Return the timeline as a table."""
    return {
        "headers": ["When", "What", "Who"],
        "rows": [
            [at(datetime.fromisoformat(entry["at"])), entry["text"], entry["actor"]]
            for entry in read_timeline(number, actor=actor)
        ],
    }


def _decisions(number: str, actor: Principal) -> list[dict[str, Any]]:
    """Return each sourcing receipt as a table of its candidates."""
    receipts = SourcingReceipt.objects.filter(order__number=number).order_by("id")
    return [
        {
            "title": f"Sourced when {receipt.occasion}, {at(receipt.decided_at)}",
            "table": {
                "headers": ["Location", "Type", "Units", "Distance", "Priority", "Why"],
                "rows": [
                    _candidate(row)
                    for row in released(read_receipt(receipt.receipt), actor=actor).get(
                        "candidates", []
                    )
                ],
            },
        }
        for receipt in receipts
    ]


def _candidate(row: dict[str, Any]) -> list[object]:
    far = row.get("distance_km")
    return [
        row.get("location"),
        row.get("type"),
        f"{row.get('units')} of {row.get('of')}",
        "–" if far is None else f"{far:.1f} km",
        "–" if row.get("priority") is None else row["priority"],
        row.get("reason"),
    ]


@admin.register(OrderLine)
class OrderLineAdmin(Searched, ReadOnlyAdmin):
    list_display = (
        "id", "order", "line_id", "sku", "fulfilment_type", "ordered", "cancelled", "reserved",
        "backordered", "fulfilled", "returned",
    )  # fmt: skip
    list_filter = ("fulfilment_type", "location")
    linked_by = ("backordered__gt",)
    list_select_related = ("order", "sku")
    ordering = ("-id",)
    search_help_text = "Order number, or the SKU that lines wait for"

    def find(self, word: str) -> Q:
        orders = Order.objects.filter(number=word).values_list("pk", flat=True)
        skus = Sku.objects.filter(code=word).values_list("pk", flat=True)
        return Q(order__in=list(orders)) | Q(sku__in=list(skus), backordered__gt=0)


@admin.register(SourcingReceipt)
class SourcingReceiptAdmin(Searched, Personal):
    personal = ("receipt",)
    list_display = ("id", "order", "occasion", "decided")
    list_select_related = ("order",)
    ordering = ("-id",)
    search_help_text = "Order number"

    def find(self, word: str) -> Q:
        return Q(order__number=word)

    @display(description="Decided", ordering="id")
    def decided(self, receipt: SourcingReceipt) -> str:
        return at(receipt.decided_at)
