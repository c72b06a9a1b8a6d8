"""What the lists of orders, of their fulfilment and of returns can be asked."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from core.api.filters import (
    After,
    Before,
    Choices,
    Codes,
    Ordering,
    ResourceFilterSet,
    Text,
)
from orders.choices import (
    FulfilmentState,
    FulfilmentType,
    OrderState,
    PickListState,
    ReturnState,
)
from orders.models import UnitsToPutBack
from orders.queries.finding import customer_ids, orders_with
from orders.queries.fulfilments import seen_from
from orders.queries.state import in_states
from stores.api.filters import Locations
from stores.models import Channel
from stores.queries.network import location_ids


class OrderFilters(ResourceFilterSet):
    order_by = "-id"

    q = Text(
        max_length=254,
        method="with_text",
        help_text="A number, an external id, or the customer's e-mail or id",
    )
    channel = Codes("channel__code")
    state = Choices(OrderState.choices, method="in_states")
    customer = Text(
        max_length=254, method="of_customer", help_text="Our id, the shop's id or an e-mail"
    )
    external_id = Text(max_length=128, method="with_external_id")
    placed_after = After("placed_at")
    placed_before = Before("placed_at")
    # Numbers rise with the time of placing.
    ordering = Ordering(placed_at="id", updated_at="updated_at")

    def with_text(self, rows: QuerySet[Any], _: str, text: str) -> QuerySet[Any]:
        return rows.filter(orders_with(text.strip()))

    def in_states(self, rows: QuerySet[Any], _: str, states: list[str]) -> QuerySet[Any]:
        return in_states(rows, states)

    def of_customer(self, rows: QuerySet[Any], _: str, text: str) -> QuerySet[Any]:
        return rows.filter(customer__in=customer_ids(text))

    def with_external_id(self, rows: QuerySet[Any], _: str, text: str) -> QuerySet[Any]:
        # Unique beside its channel, and found by that index alone.
        return rows.filter(channel__in=Channel.objects.values("pk"), external_id=text)


class FulfilmentFilters(ResourceFilterSet):
    location = Codes(method="at", help_text="Where goods are picked or handed over")
    state = Choices(FulfilmentState.choices)
    type = Choices(FulfilmentType.choices)
    order = Text("order__number", max_length=32)
    to_put_back_at = Codes(method="lying_at", help_text="Where units of it are to be put back")

    def lying_at(self, rows: QuerySet[Any], _: str, codes: list[str]) -> QuerySet[Any]:
        lying = UnitsToPutBack.objects.filter(location__in=location_ids(codes))
        return rows.filter(pk__in=lying.values("fulfilment"))

    def at(self, rows: QuerySet[Any], _: str, codes: list[str]) -> QuerySet[Any]:
        return rows.filter(seen_from(codes))


class ReturnFilters(ResourceFilterSet):
    order_by = "-id"

    order = Text("order__number", max_length=32)
    state = Choices(ReturnState.choices)
    channel = Codes("channel__code")


class PickListFilters(ResourceFilterSet):
    location = Locations()
    state = Choices(PickListState.choices)
