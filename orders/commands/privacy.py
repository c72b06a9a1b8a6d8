"""Erasing a customer: personal data goes, the orders and the ledger stay."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from core.access.principal import Principal
from core.audit.models import AuditRecord, Outcome
from core.audit.record import record
from core.idempotency.models import StoredAnswer
from core.outbox.events import OutboxEvent, publish
from core.outbox.models import Event
from inventory.timestamps import as_text
from orders.anonymisation import Eraser, without_address
from orders.choices import OrderState
from orders.commands.locks import lock_orders
from orders.models import Customer, Order, Return, SourcingReceipt
from orders.queries.documents import order_documents

UNFINISHED = (OrderState.OPEN, OrderState.BACKORDERED, OrderState.PARTIALLY_FULFILLED)


def erase_customer(*, customer_id: int, actor: Principal) -> dict[str, Any]:
    """Pseudonymise a customer everywhere; return what was done. Idempotent.

    Orders that are not finished lose their address too: they are listed, so that staff may
    cancel them or complete them by hand. Orders that are being placed are waited for; later ones
    belong to a new customer.
    """
    customer, orders = _lock(customer_id)
    eraser = Eraser(orders=[order.number for order in orders], words=_words(customer, orders))
    _clean_orders(orders)
    _clean_copies(orders, eraser)
    Customer.objects.filter(pk=customer_id).update(external_id=None, email="", name="", phone="")
    documents = order_documents([order.pk for order in orders]).values()
    answer = {
        "id": str(customer_id),
        "erased_at": as_text(timezone.now()),
        "orders": [order.number for order in orders],
        "unfinished_orders": sorted(
            document["number"] for document in documents if document["state"] in UNFINISHED
        ),
    }
    record(
        actor=actor,
        action="customer.erased",
        subject=f"customers/{customer_id}",
        security=Outcome.DONE,
        orders=len(orders),
    )
    publish(OutboxEvent("customer.erased", f"customers/{customer_id}", answer, actor=actor.name))
    return answer


def _lock(customer_id: int) -> tuple[Customer, list[Order]]:
    """Lock a customer, which waits for orders that are being placed, and all of their orders.

    Orders first: an act that holds one of them may wait for stock, which an order that is being
    placed may hold. Those placed until the customer was locked are few, and are locked after it.
    """
    lock_orders(_orders_of(customer_id))
    customer = Customer.objects.select_for_update().get(pk=customer_id)
    locked = lock_orders(_orders_of(customer_id))
    return customer, [locked[identity] for identity in sorted(locked)]


def _orders_of(customer_id: int) -> list[int]:
    return list(Order.objects.filter(customer=customer_id).values_list("pk", flat=True))


def _words(customer: Customer, orders: Sequence[Order]) -> list[str]:
    """Return every text that identifies the customer or their address."""
    words = [customer.email, customer.name, customer.phone]
    for order in orders:
        address = order.ship_to or {}
        words += [address.get(part) or "" for part in ("name", "line1", "line2", "phone")]
    return [word for word in words if isinstance(word, str) and word]


def _clean_orders(orders: Sequence[Order]) -> None:
    for order in orders:
        order.ship_to = without_address(order.ship_to)
        order.note = ""
    Order.objects.bulk_update(orders, ["ship_to", "note"])


def _clean_copies(orders: Sequence[Order], eraser: Eraser) -> None:
    """Clean the copies of the orders: events, sourcing receipts, stored answers, the audit."""
    numbers = [order.number for order in orders]

    def clean_mine(data: Any) -> Any:
        return eraser.clean(data, mine=True)

    _rewrite(Event.objects.filter(order__in=numbers), "data", clean_mine)
    _rewrite(SourcingReceipt.objects.filter(order__in=orders), "receipt", clean_mine)
    returns = Return.objects.filter(order__in=orders).values_list("pk", flat=True)
    about = Q(subject__in=[f"orders/{number}" for number in numbers])
    about |= Q(subject__in=[f"returns/{identity}" for identity in returns])
    for number in numbers:
        about |= Q(subject__startswith=f"fulfilments/{number}-")
    if numbers:
        _rewrite(AuditRecord.objects.filter(about), "data", clean_mine)
        _rewrite(AuditRecord.objects.filter(about), "reason", eraser.clean_text)
        _rewrite(_answers_naming(numbers), "body", lambda body: _clean_body(body, eraser))


def _answers_naming(numbers: Sequence[str]) -> QuerySet[StoredAnswer]:
    """Return the stored answers in which one of these order numbers is a value."""
    named = Q()
    for number in numbers:
        named |= Q(body__contains=json.dumps(number))
    return StoredAnswer.objects.filter(named)


def _clean_body(body: str, eraser: Eraser) -> str:
    """Clean an answer; one to a batch also holds orders of others, which stay."""
    return json.dumps(eraser.clean(json.loads(body), mine=False), ensure_ascii=False)


def _rewrite(rows: QuerySet[Any], name: str, clean: Callable[[Any], Any]) -> None:
    """Write what cleaning changes in one column of these rows, in one statement.

    They are locked: another erasure that cleans the answer to the same batch would write back what
    this one has removed.
    """
    changed = []
    for row in rows.only("pk", name).order_by("pk").select_for_update():
        value = clean(getattr(row, name))
        if value != getattr(row, name):
            setattr(row, name, value)
            changed.append(row)
    rows.model._default_manager.bulk_update(changed, [name], batch_size=1_000)
