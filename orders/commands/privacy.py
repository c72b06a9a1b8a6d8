"""Erasing a person: personal data goes, the orders and the ledger stay."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from typing import Any

from django.db import OperationalError, transaction
from django.utils import timezone

from core.access.principal import SYSTEM, Principal
from core.audit.models import Outcome
from core.audit.record import record
from core.outbox.events import OutboxEvent, publish
from core.people.erasing import erase_everywhere, take_turns
from core.problems.catalogue import NotFound, TiedPrincipal
from inventory.timestamps import as_text
from orders.anonymisation import Eraser
from orders.choices import OrderState
from orders.commands.locks import lock_orders, lock_unlocked
from orders.commands.waiting_files import lock_waiting_files
from orders.erased_names import ERASED, erased_name
from orders.models import Customer, Erasure, Order
from orders.queries.documents import order_documents
from orders.queries.privacy import (
    customers_with,
    export_customer,
    find_person,
    orders_of,
    same_person,
    sees_all,
    visible_customer,
)
from orders.retention import BOOKS

ATTEMPTS = 5
UNFINISHED = (OrderState.OPEN, OrderState.BACKORDERED, OrderState.PARTIALLY_FULFILLED)


class _OrderHeld(Exception):
    """Another act has an order that was placed while the customer was waited for."""


def erase_customer(*, identity: str, actor: Principal) -> dict[str, Any]:
    """Erase a customer, and all with the same e-mail. Raises `NotFound` where the actor does not
    see all of their orders."""
    return _erase(same_person([_customer(identity, actor)]), (), actor=actor)


def erase_by_email(*, email: str, actor: Principal) -> dict[str, Any]:
    """Erase everyone with this e-mail, in any case, also where only a file has it."""
    _refuse_tied(actor)
    customers = list(customers_with([email]))
    if not sees_all(customers, (), actor):
        raise NotFound("There is no customer with this e-mail.")
    return _erase(customers, (), actor=actor, email=email)


def erase_by_order(*, number: str, actor: Principal) -> dict[str, Any]:
    """Erase the person who placed this order: a customer with all of theirs, or a guest with this
    order alone."""
    _refuse_tied(actor)
    order = Order.objects.select_related("customer").filter(number=number).first()
    if order is not None:
        customers = same_person([order.customer]) if order.customer else []
        if sees_all(customers, [order], actor):
            return _erase(customers, [order], actor=actor)
    raise NotFound(f"There is no order {number[:32]}.")


def erase_old_orders(*, limit: int = 100) -> int:
    """Erase the people of orders whose time is over, and customers that have no younger one; return
    of how many orders, at most `limit`."""
    before = timezone.now() - BOOKS
    old = Order.objects.filter(placed_at__lt=before).exclude(external_id__startswith=ERASED)
    orders = list(old.order_by("pk")[:limit])
    owners = [order.customer_id for order in orders if order.customer_id]
    young = Order.objects.filter(customer__in=owners, placed_at__gte=before)
    customers = Customer.objects.filter(pk__in=owners).exclude(
        pk__in=young.values_list("customer_id", flat=True)
    )
    if orders:
        _erase(list(customers), orders, actor=SYSTEM)
    return len(orders)


def export_person(*, identity: str, actor: Principal) -> dict[str, Any]:
    """Return all that is stored about a customer, and record that it was asked for."""
    customer = _customer(identity, actor)
    answer = export_customer(customer)
    record(
        actor=actor,
        action="customer.exported",
        security=Outcome.DONE,
        subject=f"customers/{customer.pk}",
        orders=len(answer["orders"]),
    )
    return answer


def _customer(identity: str, actor: Principal) -> Customer:
    _refuse_tied(actor)
    customer = visible_customer(identity, actor)
    if customer is None:
        raise NotFound(f"There is no customer {identity[:32]}.")
    return customer


def _refuse_tied(actor: Principal) -> None:
    """Refuse who works at some locations: a person's orders are not of one place."""
    if actor.locations is not None:
        raise TiedPrincipal("Who is tied to locations neither exports nor erases customers.")


def _erase(
    customers: Collection[Customer],
    orders: Collection[Order],
    *,
    actor: Principal,
    email: str = "",
) -> dict[str, Any]:
    """Pseudonymise a person everywhere; return what was done. Idempotent.

    Orders that are not finished lose their address too: they are listed, so that staff may
    cancel them or complete them by hand. Orders that are being placed are waited for; later ones
    belong to a new customer.
    """
    customers, orders = _lock(customers, orders)
    person = find_person(customers=customers, orders=orders, email=email)
    erase_everywhere(person, Eraser(names=person.names, words=person.words, rename=erased_name))
    keys = [order.pk for order in orders]
    Erasure.objects.create(customers=[customer.pk for customer in customers], orders=keys)
    documents = [document for _, document in sorted(order_documents(keys).items())]
    answer = {
        "id": str(customers[0].pk) if customers else None,
        "customers": [str(customer.pk) for customer in customers],
        "erased_at": as_text(timezone.now()),
        "orders": [document["number"] for document in documents],
        "unfinished_orders": [
            document["number"] for document in documents if document["state"] in UNFINISHED
        ],
    }
    for subject, identity in _subjects(customers, orders):
        record(
            actor=actor,
            action="customer.erased",
            subject=subject,
            security=Outcome.DONE,
            orders=len(orders),
        )
        event = answer | {"id": identity}
        publish(OutboxEvent("customer.erased", subject, event, actor=actor.name))
    return answer


def _subjects(
    customers: Collection[Customer], orders: Collection[Order]
) -> list[tuple[str, str | None]]:
    """Return what was erased, with the customer's id: of a guest, the order."""
    if customers:
        return [(f"customers/{customer.pk}", str(customer.pk)) for customer in customers]
    return [(f"orders/{order.number}", None) for order in orders] or [("customers", None)]


def _lock(
    customers: Collection[Customer], orders: Collection[Order]
) -> tuple[list[Customer], list[Order]]:
    """Lock customers, which waits for orders that are being placed, and all of their orders.

    Files of orders first, as an import locks them. Orders before customers: an act that holds one
    of them may wait for stock, which an order that is being placed may hold. Those placed until
    the customers were locked are locked without waiting; where another act has one of them, both
    are begun again. Raises `OperationalError` when that happens time and again.
    """
    take_turns()
    lock_waiting_files()
    keys = [customer.pk for customer in customers]
    for _ in range(ATTEMPTS):
        with suppress(_OrderHeld), transaction.atomic():
            before = lock_orders(_keys_of(customers, orders))
            locked = list(Customer.objects.filter(pk__in=keys).order_by("pk").select_for_update())
            all_now = _keys_of(customers, orders)
            if not lock_unlocked(set(all_now) - before.keys()):
                raise _OrderHeld()
            found = lock_orders(all_now)
            return locked, [found[identity] for identity in sorted(found)]
    raise OperationalError("other acts hold the orders of this person")


def _keys_of(customers: Collection[Customer], orders: Collection[Order]) -> list[int]:
    return list(orders_of(customers, orders).values_list("pk", flat=True))
