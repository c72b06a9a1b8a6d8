"""Expected deliveries in the admin: overdue, due today, received."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import (
    BooleanField,
    Case,
    Count,
    DateField,
    ExpressionWrapper,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Greatest, Now
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import action, display

from core.admin.base import ReadOnlyAdmin, ReadOnlyInline, Searched, actor_of, link
from core.admin.visible import seen
from inventory.admin.links import skus_named
from inventory.choices import AWAITED, DeliveryState
from inventory.models import ExpectedDelivery, ExpectedDeliveryLine
from inventory.pages.receiving import receive_page

_AWAITED = Q(state__in=[str(state) for state in AWAITED])
# "Today" is the local date at the destination.
RULES: dict[str, tuple[str, Q]] = {
    "overdue": ("Overdue", _AWAITED & Q(due_on__lt=F("today_there"))),
    "due": ("Due by today", _AWAITED & Q(due_on__lte=F("today_there"))),
    "today": ("Expected today", _AWAITED & Q(due_on=F("today_there"))),
    "later": ("Expected later", _AWAITED & Q(due_on__gt=F("today_there"))),
    "partly": ("Partly received", Q(state=DeliveryState.RECEIVING.value)),
    "awaited": ("All that is awaited", _AWAITED),
}


def _day(moment: Any) -> Func:
    """Return the local date of a time at the delivery's location."""
    return Func(
        F("location__timezone"),
        moment,
        template="(timezone(%(expressions)s))::date",
        output_field=DateField(),
    )


def _units(units: Any) -> Subquery:
    lines = ExpectedDeliveryLine.objects.filter(delivery=OuterRef("pk")).order_by()
    return Subquery(lines.values("delivery").annotate(units=Sum(units)).values("units"))


def with_due(rows: QuerySet[ExpectedDelivery]) -> QuerySet[ExpectedDelivery]:
    """Add the list's columns: the local due date, and units received so far."""
    return rows.annotate(
        due_on=_day(F("expected_at")),
        today_there=_day(Now()),
        is_over=ExpressionWrapper(~_AWAITED, output_field=BooleanField()),
    ).annotate(
        due=Case(
            *(When(RULES[name][1], then=Value(name)) for name in ("overdue", "today", "later")),
            default=Value(""),
        ),
        units_expected=_units("expected"),
        units_received=_units("received"),
        units_outstanding=_units(Greatest(F("expected") - F("received"), 0)),
    )


class DueFilter(admin.SimpleListFilter):
    title = "due"
    parameter_name = "due"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, title) for name, (title, _) in RULES.items()]

    def queryset(self, request: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
        rule = RULES.get(self.value() or "")
        return queryset.filter(rule[1]) if rule else queryset


class DeliveryLineInline(ReadOnlyInline):
    model = ExpectedDeliveryLine
    fields = ("sku", "article", "expected", "received", "damaged", "still_to_come")
    readonly_fields = ("article", "still_to_come")
    verbose_name_plural = "Lines"
    show_change_link = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("sku").order_by("pk")

    @display(description="Name")
    def article(self, line: ExpectedDeliveryLine) -> str:
        return line.sku.name

    @display(description="Outstanding")
    def still_to_come(self, line: ExpectedDeliveryLine) -> str:
        return str(line.outstanding) if line.expected else "not announced"


@admin.register(ExpectedDelivery)
class ExpectedDeliveryAdmin(Searched, ReadOnlyAdmin):
    list_display = ("reference", "location", "supplier", "stage", "when_due", "so_far", "receive")
    list_filter = (DueFilter, "state", "location")
    list_select_related = ("location",)
    list_before_template = "inventory/deliveries/glance.html"
    search_help_text = "Reference, supplier or SKU code"
    inlines = (DeliveryLineInline,)
    readonly_fields = ("moves",)
    actions_detail = ("receive_goods",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ExpectedDelivery]:
        # Without `super`, which would order by columns before they are added here.
        rows = seen(ExpectedDelivery.objects.all(), request)
        return with_due(rows).order_by(*self.get_ordering(request))

    def find(self, word: str) -> Q:
        carrying = ExpectedDeliveryLine.objects.filter(sku__in=skus_named(word)).values("delivery")
        return Q(reference=word) | Q(supplier__icontains=word) | Q(pk__in=carrying)

    def get_ordering(self, request: HttpRequest) -> list[Any]:
        """Order awaited deliveries first, the longest overdue at the top."""
        return ["is_over", F("expected_at").asc(nulls_last=True), "-id"]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        # Every filter includes the awaited state: those rows are few, beside years of received
        # ones.
        mine = seen(ExpectedDelivery.objects.all(), request)
        glance = with_due(mine.filter(_AWAITED)).aggregate(
            **{name: Count("pk", filter=rule) for name, (_, rule) in RULES.items()}
        )
        here = reverse("admin:inventory_expecteddelivery_changelist")
        shown = [
            {"title": RULES[name][0], "count": glance[name], "href": f"{here}?due={name}"}
            for name in ("overdue", "today", "partly", "awaited")
        ]
        has_any = bool(glance["awaited"]) or mine.exists()
        told = {"glance": shown, "has_deliveries": has_any}
        answer: HttpResponse = super().changelist_view(request, told | (extra_context or {}))
        return answer

    @display(
        description="State",
        ordering="state",
        label={
            "expected": "info",
            "receiving": "warning",
            "received": "success",
            "cancelled": "default",
        },
    )
    def stage(self, delivery: ExpectedDelivery) -> tuple[str, str]:
        return delivery.state, DeliveryState(delivery.state).label

    @display(
        description="Expected",
        ordering="expected_at",
        label={"overdue": "danger", "today": "warning", "later": "info", "undated": "default"},
    )
    def when_due(self, delivery: Any) -> tuple[str, str]:
        if delivery.expected_at is None:
            return "undated", "No date"
        zone = delivery.location.zone
        day = f"{delivery.expected_at.astimezone(zone):%-d %b %Y, %H:%M}"
        word = {"overdue": "Overdue", "today": "Today"}.get(delivery.due)
        return delivery.due or "undated", f"{word}: {day}" if word else day

    @display(description="Units so far")
    def so_far(self, delivery: Any) -> str:
        over = delivery.units_received + delivery.units_outstanding - delivery.units_expected
        told = f"{delivery.units_received} of {delivery.units_expected}"
        return f"{told}, {over} more than announced" if over > 0 else told

    @display(description="Goods in")
    def receive(self, delivery: ExpectedDelivery) -> SafeString | str:
        if delivery.state not in AWAITED:
            return "–"
        address = reverse("admin:inventory_expecteddelivery_receive_goods", args=[delivery.pk])
        return format_html(
            '<a class="text-link" href="{}" aria-label="Receive {}">Receive</a>',
            address,
            delivery.reference,
        )

    @display(description="Ledger")
    def moves(self, delivery: ExpectedDelivery) -> SafeString:
        return link("Ledger", "inventory_stockmovement", q=delivery.reference)

    def has_receive_permission(self, request: HttpRequest, *args: Any) -> bool:
        return self.has_view_permission(request) and actor_of(request).may("stock:write")

    @action(
        description="Receive goods",
        url_path="receive",
        icon="pallet",
        permissions=["receive"],
    )
    def receive_goods(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Receive goods against this delivery: by hand or by scanning, in parts."""
        return receive_page(request, object_id, admin_site=self.admin_site, opts=self.opts)
