"""Finding orders and customers by what people have of them: a number, an id, an e-mail."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from core.access.principal import Principal
from orders.models import Customer, Order
from stores.models import Channel


def returnable_orders(actor: Principal) -> QuerySet[Order]:
    """Return the orders of which an actor may take goods back: those that it sees, and any in a
    shop, where they are found by their exact number alone."""
    if actor.locations is not None and actor.may("returns:write"):
        return Order.objects.all()
    return Order.objects.visible_to(actor)


def customers_named(word: str) -> Q:
    """Match the customers with this e-mail or this id of the shop.

    E-mails stand in two indexes, of those with and without an id, and are asked for in each.
    """
    named = Q(external_id=word)
    if "@" in word:
        mailed = Q(email__in={word, word.lower()})
        named |= mailed & Q(external_id__isnull=True) | mailed & Q(external_id__isnull=False)
    return named


def customer_ids(word: str) -> list[int]:
    """Return the customers with this id of ours or of the shop, or with this e-mail."""
    named = customers_named(word)
    if word.isascii() and word.isdecimal() and len(word) < 19:
        named |= Q(pk=int(word))
    return list(Customer.objects.filter(named).values_list("pk", flat=True))


def orders_with(word: str) -> Q:
    """Match the orders with this number or external id, and those of the customers named so."""
    # The external id is unique beside its channel, and found by that index alone.
    channels = list(Channel.objects.values_list("pk", flat=True))
    customers = list(Customer.objects.filter(customers_named(word)).values_list("pk", flat=True))
    return Q(number=word) | Q(channel__in=channels, external_id=word) | Q(customer__in=customers)
