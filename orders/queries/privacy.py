"""Finding a person: all of their customers, orders, returns and carts, and the words for them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import Q, QuerySet

from core.access.principal import Principal
from core.people.exporting import export_everywhere
from core.people.person import Person
from core.people.words import pattern_of
from core.problems.catalogue import TiedPrincipal
from inventory.models import ReservationGroup
from inventory.queries.reservations import cart_name
from orders.models import Customer, Fulfilment, Order, Return
from orders.queries.customers import customer_document
from orders.queries.documents import order_documents
from orders.queries.returns import return_documents
from orders.queries.waiting_files import EMAIL, EXTERNAL_ID, PHONES, names_in_bad_rows


def visible_customer(text: str, actor: Principal) -> Customer | None:
    """Return the customer with this id; None when the actor may not see all of their orders.

    Raises `TiedPrincipal` for an actor that is tied to locations: a customer's orders are of all.
    """
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        return None
    if actor.locations is not None:
        raise TiedPrincipal("Who is tied to locations may not have all data of a customer.")
    customer = Customer.objects.filter(pk=int(text)).first()
    if customer is None or not sees_all(same_person([customer]), (), actor):
        return None
    return customer


def sees_all(customers: Collection[Customer], orders: Collection[Order], actor: Principal) -> bool:
    """Say whether an actor sees all orders of these customers, and these. A partial export or
    erasure would look like a complete one."""
    if actor.channels is None:
        return True
    mine = orders_of(customers, orders)
    return mine.exists() and not mine.exclude(channel__code__in=actor.channels).exists()


def same_person(customers: Iterable[Customer]) -> list[Customer]:
    """Return these customers and all others with one of their e-mails, in any case."""
    found = list(customers)
    others = customers_with({customer.email for customer in found})
    return sorted({*found, *others}, key=lambda customer: customer.pk)


def customers_with(emails: Iterable[str]) -> QuerySet[Customer]:
    """Return the customers with one of these e-mails, in any case."""
    named = Q(pk__in=())
    for email in {email.strip() for email in emails} - {""}:
        named |= Q(email__iexact=email)
    return Customer.objects.filter(named)


def orders_of(customers: Iterable[Customer], orders: Iterable[Order] = ()) -> QuerySet[Order]:
    """Return all orders of these customers, and these orders."""
    mine = Q(customer__in=[customer.pk for customer in customers])
    return Order.objects.filter(mine | Q(pk__in=[order.pk for order in orders])).order_by("pk")


def find_person(
    *, customers: Collection[Customer], orders: Collection[Order], email: str = ""
) -> Person:
    """Return all that finds the rows of a person who is these customers and placed these orders.
    `email` is what they were asked for by, where they may have no customer."""
    keys = [order.pk for order in orders]
    numbers = {order.number for order in orders}
    returns = set(Return.objects.filter(order__in=keys).values_list("pk", flat=True))
    marks = _marks(customers, orders, email)
    words = _words(customers, orders, email)
    carts = _carts(orders, words)
    codes = Fulfilment.objects.filter(order__in=keys).values_list("code", flat=True)
    named = {
        f"orders/{order.channel.code}/{order.external_id}" for order in orders
    } | names_in_bad_rows(marks)
    return Person(
        rows={
            "orders.Customer": {customer.pk for customer in customers},
            "orders.Order": set(keys),
            "orders.Return": returns,
            "inventory.ReservationGroup": {cart.pk for cart in carts},
        },
        subjects=frozenset(
            named
            | {f"orders/{number}" for number in numbers}
            | {f"returns/{identity}" for identity in returns}
            | {f"fulfilments/{code}" for code in codes}
            | {cart_name(cart.pk) for cart in carts}
        ),
        names=frozenset(numbers | {str(cart.pk) for cart in carts}),
        words=(*words, *(cart.reference for cart in carts)),
        marks=frozenset(marks),
    )


def _carts(orders: Collection[Order], words: Collection[str]) -> list[ReservationGroup]:
    """Return the carts that became these orders, and those whose reference is the person's."""
    about = Q(pk__in=[order.cart for order in orders if order.cart])
    if pattern := pattern_of(words):
        about |= Q(reference__iregex=pattern)
    return list(ReservationGroup.objects.filter(about))


def _marks(customers: Iterable[Customer], orders: Iterable[Order], email: str) -> set[str]:
    """Return the cells by which files of orders say that a row is this person's."""
    marks = {(EMAIL, email)}
    for customer in customers:
        marks |= {(EMAIL, customer.email), (EXTERNAL_ID, customer.external_id or "")}
        marks |= {(column, customer.phone) for column in PHONES}
    for order in orders:
        marks |= {(column, (order.ship_to or {}).get("phone") or "") for column in PHONES}
    return {f"{column}={text.strip().lower()}" for column, text in marks if text.strip()}


def _words(customers: Iterable[Customer], orders: Iterable[Order], email: str) -> list[str]:
    """Return every text that identifies the person or their address."""
    words = [email]
    for customer in customers:
        words += [customer.email, customer.name, customer.phone, customer.external_id or ""]
    for order in orders:
        address = order.ship_to or {}
        words += [address.get(part) or "" for part in ("name", "line1", "line2", "phone")]
        words += [order.payment_reference]
    return [word for word in words if isinstance(word, str) and word]


def export_customer(customer: Customer) -> dict[str, Any]:
    """Return all stored data of a person, as one JSON document: their orders and returns as the API
    shows them, and every row that the register of personal columns names."""
    customers = same_person([customer])
    mine = list(orders_of(customers).select_related("channel"))
    person = find_person(customers=customers, orders=mine)
    orders = order_documents([order.pk for order in mine])
    returns = return_documents(person.keys_of("orders.Return"))
    return {
        "customer": customer_document(customer),
        "orders": [orders[identity] for identity in sorted(orders)],
        "returns": [returns[identity] for identity in sorted(returns)],
        "records": export_everywhere(person),
    }
