"""Looking up customers: by e-mail, phone, the shop's id, or part of what is known of them."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Lower

from core.access.principal import Principal
from orders.models import Customer, Order
from orders.models.customer import Digits, Words

# The index is of three letters each: fewer find nothing by it.
LEAST_LETTERS, LEAST_DIGITS = 3, 4
_SPELLING = frozenset("+()/.- \t\u00a0")  # of phone numbers


def visible_customers(actor: Principal) -> QuerySet[Customer]:
    """Return the customers of orders that an actor may see."""
    if actor.channels is None:
        return Customer.objects.all()
    theirs = Order.objects.filter(customer=OuterRef("pk"), channel__code__in=actor.channels)
    return Customer.objects.filter(Exists(theirs))


def digits_of(phone: str) -> str:
    """Return the digits of a phone number, without the noughts before a country or an area."""
    return "".join(sign for sign in phone if sign.isascii() and sign.isdigit()).lstrip("0")


def with_phone(rows: QuerySet[Customer], phone: str) -> QuerySet[Customer]:
    """Keep the customers with this number, however it is spaced."""
    digits = digits_of(phone)
    return _containing(rows, digits).alias(digits=Digits("phone")).filter(digits=digits)


def with_words(rows: QuerySet[Customer], text: str) -> QuerySet[Customer]:
    """Keep the customers of whose name, e-mail or phone number this is a part."""
    digits = digits_of(text)
    is_number = _SPELLING.issuperset(sign for sign in text if not sign.isdigit())
    if is_number and len(digits) >= LEAST_LETTERS:
        return _containing(rows, digits)
    return _containing(rows, text.strip())


def _containing(rows: QuerySet[Customer], text: str) -> QuerySet[Customer]:
    return rows.alias(words=Words("name", "email", "phone")).filter(
        words__contains=Lower(Value(text))
    )


def customer_document(customer: Customer) -> dict[str, Any]:
    """Return a customer as the API shows them."""
    return {
        "id": str(customer.pk),
        "external_id": customer.external_id,
        "email": customer.email,
        "name": customer.name,
        "phone": customer.phone,
    }
