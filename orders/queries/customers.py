"""Looking up customers: by e-mail, phone, the shop's id, or how words of them begin."""

from __future__ import annotations

from typing import Any

from django.db.models import BooleanField, Func, QuerySet, Value

from orders.models import Customer
from orders.models.customer import Digits, Words

LEAST_LETTERS, LEAST_DIGITS = 3, 4  # fewer would find a part of all customers
MOST_FOUND = 1_000
_SPELLING = frozenset("+()/.- \t\u00a0")  # of phone numbers


class TooManyFound(Exception):
    """More customers than anyone looks through."""


def digits_of(phone: str) -> str:
    """Return the digits of a phone number, without the noughts before a country or an area."""
    return "".join(sign for sign in phone if sign.isascii() and sign.isdigit()).lstrip("0")


def with_phone(rows: QuerySet[Customer], phone: str) -> QuerySet[Customer]:
    """Keep the customers with this number, however it is spaced."""
    digits = digits_of(phone)
    return _matching(rows, _quoted(digits)).alias(digits=Digits("phone")).filter(digits=digits)


def with_words(rows: QuerySet[Customer], text: str) -> QuerySet[Customer]:
    """Keep the customers with words of name, e-mail and phone number that begin with these.

    Raises `TooManyFound` where that says too little. They are found by the index before they are
    put in order: PostgreSQL would rather walk all customers in theirs until a page is full.
    """
    digits = digits_of(text)
    is_number = bool(digits) and _SPELLING.issuperset(sign for sign in text if not sign.isdigit())
    begun = [f"{_quoted(word)}:*" for word in ([digits] if is_number else text.split())]
    found = _matching(rows, " & ".join(begun)).values_list("pk", flat=True)[: MOST_FOUND + 1]
    if len(found) > MOST_FOUND:
        raise TooManyFound
    return rows.filter(pk__in=list(found))


def _matching(rows: QuerySet[Customer], words: str) -> QuerySet[Customer]:
    return rows.filter(_Match(Words("name", "email", "phone"), words))


def _quoted(word: str) -> str:
    """Write a word so that nothing in it is an operator."""
    inner = word.replace("\\", "\\\\").replace("'", "''")
    return f"'{inner}'"


class _Match(Func):
    """Words that an index holds, and those wanted: small letters are made where its are."""

    template = "%(expressions)s"
    arg_joiner = " @@ "
    output_field = BooleanField()

    def __init__(self, words: Words, wanted: str) -> None:
        super().__init__(words, Func(Value(wanted), template="lower(%(expressions)s)::tsquery"))


def customer_document(customer: Customer) -> dict[str, Any]:
    """Return a customer as the API shows them."""
    return {
        "id": str(customer.pk),
        "external_id": customer.external_id,
        "email": customer.email,
        "name": customer.name,
        "phone": customer.phone,
    }
