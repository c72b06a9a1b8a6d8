"""Exporting all stored data of one customer."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from core.access.principal import Principal
from core.outbox.models import Event
from core.problems.catalogue import TiedPrincipal
from inventory.timestamps import as_text
from orders.models import Customer, Order, Return, SourcingReceipt
from orders.queries.documents import order_documents
from orders.queries.returns import return_documents
from orders.sourcing import read_receipt


def visible_customer(text: str, actor: Principal) -> Customer | None:
    """Return the customer with this id; None when the actor may not see all of their orders.

    A partial export or erasure would look like a complete one. Raises `TiedPrincipal` for an actor
    that is tied to locations: a customer's orders are of all.
    """
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        return None
    if actor.locations is not None:
        raise TiedPrincipal("Who is tied to locations may not have all data of a customer.")
    customer = Customer.objects.filter(pk=int(text)).first()
    if customer is not None and actor.channels is not None:
        hidden = customer.orders.exclude(channel__code__in=actor.channels)
        if hidden.exists() or not customer.orders.exists():
            return None
    return customer


def orders_of(customer: Customer) -> QuerySet[Order]:
    return Order.objects.filter(customer=customer).order_by("pk")


def export_customer(customer: Customer) -> dict[str, Any]:
    """Return all stored data, as one JSON document.

    Answers stored under Idempotency-Keys are copies of these orders, deleted after 72 hours.
    """
    orders = order_documents(orders_of(customer).values_list("pk", flat=True))
    returns = return_documents(
        Return.objects.filter(order__in=list(orders)).values_list("pk", flat=True)
    )
    receipts = SourcingReceipt.objects.filter(order__in=list(orders)).order_by("pk")
    numbers = [order["number"] for order in orders.values()]
    events = Event.objects.filter(order__in=numbers).order_by("pk")
    return {
        "customer": {
            "id": str(customer.pk),
            "external_id": customer.external_id,
            "email": customer.email,
            "name": customer.name,
            "phone": customer.phone,
        },
        "orders": [orders[identity] for identity in sorted(orders)],
        "returns": [returns[identity] for identity in sorted(returns)],
        "sourcing": [
            {
                "order": orders[receipt.order_id]["number"],
                "occasion": receipt.occasion,
                "decided_at": as_text(receipt.decided_at),
                "receipt": read_receipt(receipt.receipt),
            }
            for receipt in receipts
        ],
        "events": [
            {
                "type": event.type,
                "time": as_text(event.time),
                "subject": event.subject,
                "data": event.data,
            }
            for event in events
        ],
    }
