"""What the lists of orders, of their fulfilment and of returns can be asked."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from rest_framework import serializers

from core.access.permissions import check_scope
from core.access.scopes import READS_CUSTOMERS
from core.api.filters import (
    After,
    Before,
    Choices,
    Codes,
    FilterSet,
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
from orders.queries.customers import (
    LEAST_DIGITS,
    LEAST_LETTERS,
    MOST_FOUND,
    TooManyFound,
    digits_of,
    with_phone,
    with_words,
)
from orders.queries.finding import customer_ids, customers_mailed, is_email, orders_with
from orders.queries.fulfilments import seen_from
from orders.queries.state import in_states
from stores.api.filters import Locations
from stores.models import Channel
from stores.queries.network import location_ids


def has_digits(text: str) -> None:
    """Refuse a phone number so short that it would not be found by index."""
    if len(digits_of(text)) < LEAST_DIGITS:
        raise ValidationError(f"Give at least {LEAST_DIGITS} digits.", code="too_short")


class OrderFilters(ResourceFilterSet):
    order_by = "-id"

    q = Text(
        max_length=254,
        method="with_text",
        help_text="A number, an external id, the customer's id of the shop or, with "
        "`customers:read`, e-mail",
    )
    channel = Codes("channel__code")
    state = Choices(OrderState.choices, method="in_states")
    customer = Text(
        max_length=254,
        method="of_customer",
        help_text="Our id, the shop's id or, with `customers:read`, an e-mail",
    )
    external_id = Text(max_length=128, method="with_external_id")
    placed_after = After("placed_at")
    placed_before = Before("placed_at")
    # Numbers rise with the time of placing.
    ordering = Ordering(placed_at="id", updated_at="updated_at")

    def with_text(self, rows: QuerySet[Any], _: str, text: str) -> QuerySet[Any]:
        return rows.filter(orders_with(self._permitted(text.strip())))

    def in_states(self, rows: QuerySet[Any], _: str, states: list[str]) -> QuerySet[Any]:
        return in_states(rows, states)

    def of_customer(self, rows: QuerySet[Any], _: str, text: str) -> QuerySet[Any]:
        return rows.filter(customer__in=customer_ids(self._permitted(text)))

    def _permitted(self, word: str) -> str:
        """Refuse an e-mail of who may not read it: what is found would confirm a guess."""
        if is_email(word):
            check_scope(self.request.user, READS_CUSTOMERS, what="Searching by e-mail")
        return word

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


class CustomerFilters(FilterSet):
    email = Text(max_length=254, method="with_email", help_text="In any case of letters")
    phone = Text(
        max_length=64,
        method="with_phone",
        validators=[has_digits],
        help_text=f"However it is spaced; {LEAST_DIGITS} digits or more",
    )
    external_id = Text("external_id", max_length=128, help_text="The shop's id")
    q = Text(
        max_length=200,
        least=LEAST_LETTERS,
        method="with_text",
        help_text="Beginnings of names, of an e-mail, or of a phone number with its country",
    )

    def with_email(self, rows: QuerySet[Any], _: str, text: str) -> QuerySet[Any]:
        return rows.filter(customers_mailed(text.strip()))

    def with_phone(self, rows: QuerySet[Any], _: str, text: str) -> QuerySet[Any]:
        return with_phone(rows, text)

    def with_text(self, rows: QuerySet[Any], _: str, text: str) -> QuerySet[Any]:
        try:
            return with_words(rows, text)
        except TooManyFound as error:
            many = f"Over {MOST_FOUND:,} customers are found: say more of the one."
            raise serializers.ValidationError({"q": [many]}, code="too_many") from error
