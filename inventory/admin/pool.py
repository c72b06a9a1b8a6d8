"""Balances, the ledger and reservations in the admin, read-only."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import admin
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import action, display
from unfold.views import ChangeList

from core.admin.base import (
    Downloaded,
    ReadOnlyAdmin,
    ReadOnlyInline,
    Searched,
    actor_of,
    at,
)
from inventory.admin.links import OfSkuAtLocation, ledger, skus_named
from inventory.choices import ENDED, LIVE
from inventory.models import Reservation, ReservationGroup, Stock, StockMovement
from inventory.queries.available.conditions import conditions_in_words, conditions_of
from inventory.queries.available.kept_from_sale import read_kept
from inventory.rulebook import Kept


class UnitsFilter(admin.SimpleListFilter):
    title = "units"
    parameter_name = "units"
    rules = {
        "available": Q(on_hand__gt=F("reserved") + F("unavailable")),
        "reserved": Q(reserved__gt=0),
        "unavailable": Q(unavailable__gt=0),
        "empty": Q(on_hand=0),
    }

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("available", "Something to sell"),
            ("reserved", "Something promised"),
            ("unavailable", "Something kept apart"),
            ("empty", "Nothing there"),
        ]

    def queryset(self, request: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
        rule = self.rules.get(self.value() or "")
        return queryset.filter(rule) if rule else queryset


class StockList(ChangeList):
    """Reads what is kept from sale on the rows of its page, and the conditions of units
    that may not be sold, in one statement each."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list: list[Any] = list(self.result_list)
        actor = actor_of(request)
        own = [row.pk for row in self.result_list if actor.works_at(row.location.code)]
        kept = read_kept(own)  # of other shops one sees what they have, not for which channel
        spots = [(row.sku_id, row.location_id) for row in self.result_list if row.unavailable]
        conditions = conditions_of(spots)
        for row in self.result_list:
            row.kept = kept.get(row.pk, ())
            row.conditions = conditions.get((row.sku_id, row.location_id))


def _in_words(level: Kept) -> str:
    """Describe what is kept, for whom, until when and why: "10 for web until Friday (rule
    friday)".
    """
    words = [f"{level.quantity} {f'for {level.channel}' if level.channel else 'safety stock'}"]
    if level.until:
        words.append(f"until {at(level.until)}")
    if level.rule:
        words.append(f"(rule {level.rule})")
    return " ".join(words)


@admin.register(Stock)
class StockAdmin(OfSkuAtLocation, Downloaded, Searched, ReadOnlyAdmin):
    download_address = "/api/v1/exports/stock.csv"
    # The first column is the link to the row: else a phone labels it as a box to tick.
    list_display = (
        "article",
        "item",
        "place",
        "on_hand",
        "reserved",
        "apart",
        "available",
        "kept",
        "ledger_link",
    )
    list_filter = ("location", UnitsFilter)
    linked_by = ("sku__id__exact",)
    list_select_related = ("sku", "location")
    # By the columns of its unique index; by SKU code, two million rows would be sorted first.
    ordering = ("sku_id", "location_id")
    search_help_text = "SKU code or barcode"
    readonly_fields = ("available", "apart", "kept", "ledger_link")
    actions_detail = ("set_apart",)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return StockList

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        row = super().get_object(request, object_id, from_field)
        if not actor_of(request).works_at(row.location.code):
            row.kept = ()
        return row

    def find(self, word: str) -> Q:
        return Q(sku__in=list(skus_named(word).values_list("pk", flat=True)))

    @display(description="Name")
    def article(self, stock: Stock) -> str:
        return stock.sku.name

    @display(description="Kept from sale")
    def kept(self, stock: Any) -> SafeString | str:
        levels = stock.kept if hasattr(stock, "kept") else read_kept([stock.pk]).get(stock.pk, ())
        return format_html_join(SafeString("<br>"), "{}", ((_in_words(each),) for each in levels))

    @display(description="Unavailable")
    def apart(self, stock: Any) -> str:
        """Describe the units that may not be sold, by condition: "4: 3 damaged, 1 missing"."""
        if not stock.unavailable:
            return "0"
        spot = (stock.sku_id, stock.location_id)
        conditions = getattr(stock, "conditions", None) or conditions_of([spot])[spot]
        return f"{stock.unavailable}: {conditions_in_words(conditions)}"

    def has_set_apart_permission(self, request: HttpRequest, object_id: str) -> bool:
        actor = actor_of(request)
        place = self.get_object(request, object_id).location.code
        return (
            self.has_view_permission(request) and actor.may("stock:write") and actor.works_at(place)
        )

    @action(description="Set apart", icon="rule", permissions=["set_apart"])
    def set_apart(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Redirect to the page that moves units between conditions and settles orders."""
        return HttpResponseRedirect(reverse("stock-set-apart", args=[object_id]))

    @display(description="Ledger")
    def ledger_link(self, stock: Stock) -> SafeString:
        return ledger(stock.sku_id, stock.location_id)


def _step(delta: int, after: int) -> str:
    """Write a balance with its last change: "24 (+1)"."""
    return f"{after} ({delta:+d})" if delta else str(after)


@admin.register(StockMovement)
class StockMovementAdmin(OfSkuAtLocation, Downloaded, Searched, ReadOnlyAdmin):
    download_address = "/api/v1/exports/movements.csv"
    list_display = (
        "recorded",
        "item",
        "place",
        "why",
        "on_hand",
        "reserved",
        "unavailable",
        "reference",
        "actor",
    )
    list_filter = ("location", "reason")
    linked_by = ("sku__id__exact",)
    list_select_related = ("sku", "location")
    ordering = ("-id",)
    search_help_text = "SKU code, barcode or reference"

    def find(self, word: str) -> Q:
        # One or the other: by both at once, all that ever moved of a SKU would be sorted.
        skus = list(skus_named(word).values_list("pk", flat=True))
        return Q(sku__in=skus) if skus else Q(reference=word)

    @display(description="Reason", label=True)
    def why(self, movement: StockMovement) -> str:
        return movement.reason.replace("_", " ")

    @display(description="On hand")
    def on_hand(self, movement: StockMovement) -> str:
        return _step(movement.on_hand_delta, movement.on_hand_after)

    @display(description="Reserved")
    def reserved(self, movement: StockMovement) -> str:
        return _step(movement.reserved_delta, movement.reserved_after)

    @display(description="Unavailable")
    def unavailable(self, movement: StockMovement) -> str:
        return _step(movement.unavailable_delta, movement.unavailable_after)

    @display(description="Recorded", ordering="id")
    def recorded(self, movement: StockMovement) -> str:
        return at(movement.recorded_at)


@admin.register(Reservation)
class ReservationAdmin(OfSkuAtLocation, Searched, ReadOnlyAdmin):
    list_display = (
        "id",
        "item",
        "place",
        "quantity",
        "state",
        "grip",
        "reference",
        "expires",
        "created",
    )
    list_filter = ("state", "location")
    list_select_related = ("sku", "location")
    ordering = ("-id",)
    search_help_text = "Reference; or SKU code or barcode, for the live reservations on it"

    def find(self, word: str) -> Q:
        # Live or ended, each by its own index. The history of a SKU's reservations is in the
        # ledger.
        skus = list(skus_named(word).values_list("pk", flat=True))
        named = Q(reference=word, state__in=LIVE) | Q(reference=word, state__in=ENDED)
        return Q(sku__in=skus, state__in=LIVE) | named

    @display(description="Expires")
    def expires(self, reservation: Reservation) -> str:
        return at(reservation.expires_at)

    @display(description="Created", ordering="id")
    def created(self, reservation: Reservation) -> str:
        return at(reservation.created_at)


class HeldInline(ReadOnlyInline):
    model = Reservation
    fields = ("sku", "location", "quantity", "state", "expires_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("sku", "location")


@admin.register(ReservationGroup)
class ReservationGroupAdmin(Searched, ReadOnlyAdmin):
    list_display = ("id", "channel", "reference", "expires", "created")
    list_filter = ("channel",)
    list_select_related = ("channel",)
    ordering = ("id",)
    search_help_text = "Id or reference"
    inlines = (HeldInline,)

    def find(self, word: str) -> Q:
        try:
            return Q(pk=uuid.UUID(word))
        except ValueError:
            return Q(reference=word)

    @display(description="Expires")
    def expires(self, cart: ReservationGroup) -> str:
        return at(cart.expires_at)

    @display(description="Created")
    def created(self, cart: ReservationGroup) -> str:
        return at(cart.created_at)
