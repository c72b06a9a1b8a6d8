"""Data of people in orders: the customer, the order, what was made of it."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from core.people.person import Person
from core.people.register import (
    CLEAR,
    OWN_DOCUMENT,
    REMOVE,
    WORDS,
    Column,
    Copies,
    Kept,
    Kind,
    Table,
    Way,
    keep,
    staff,
)
from orders.anonymisation import without_address
from orders.commands.waiting_files import erase_waiting_rows
from orders.erased_names import erased_name
from orders.models import Customer, Fulfilment, Order, OrderLine, ReturnLine, SourcingReceipt
from orders.models.fulfilment import UNFINISHED
from orders.queries.waiting_files import read_waiting_rows

_COUNTRY = Way("all but the country removed", lambda value, _: without_address(value))
_RENAMED = Way("pseudonymised", lambda value, _: erased_name(value))
_FORGOTTEN = Way("cleared", lambda value, _: b"")
_IN_ITS_BAY = keep("the goods still wait in the bay; it is cleared once they are gone")


def _orders(person: Person) -> QuerySet[Order]:
    return Order.objects.filter(pk__in=person.keys_of("orders.Order"))


def _fulfilments(person: Person) -> QuerySet[Fulfilment]:
    return Fulfilment.objects.filter(order__in=person.keys_of("orders.Order"))


REGISTER: tuple[Table | Copies, ...] = (
    Table(
        "orders.Customer",
        Kept.BOOKS,
        (
            Column("external_id", Kind.REFERENCE, REMOVE),
            Column("email", Kind.EMAIL, CLEAR),
            Column("name", Kind.NAME, CLEAR),
            Column("phone", Kind.PHONE, CLEAR),
        ),
        found="by id; all that have the same e-mail, in any case",
        rows=lambda person: Customer.objects.filter(pk__in=person.keys_of("orders.Customer")),
    ),
    Table(
        "orders.Order",
        Kept.BOOKS,
        (
            Column("external_id", Kind.REFERENCE, _RENAMED),
            Column("fingerprint", Kind.DOCUMENT, _FORGOTTEN),
            Column("ship_to", Kind.ADDRESS, _COUNTRY),
            Column("payment_reference", Kind.REFERENCE, CLEAR),
            Column("note", Kind.TEXT, CLEAR),
        ),
        found="of the customer, or by number",
        rows=_orders,
        shown=("number", "placed_at"),
    ),
    Table(
        "orders.OrderLine",
        Kept.BOOKS,
        (Column("product_reference", Kind.REFERENCE, WORDS),),
        found="of the person's orders",
        rows=lambda person: OrderLine.objects.filter(order__in=person.keys_of("orders.Order")),
        shown=("line_id", "sku__code", "ordered", "unit_price"),
    ),
    Table(
        "orders.SourcingReceipt",
        Kept.RECEIPTS,
        (Column("receipt", Kind.DOCUMENT, OWN_DOCUMENT),),
        found="of the person's orders",
        rows=lambda person: SourcingReceipt.objects.filter(
            order__in=person.keys_of("orders.Order")
        ),
        shown=("order__number", "occasion", "decided_at"),
    ),
    Table(
        "orders.Fulfilment",
        Kept.BOOKS,
        (
            Column("tracking_number", Kind.REFERENCE, CLEAR),
            Column("carrier", Kind.TEXT, WORDS),
            *staff("accepted_by"),
        ),
        found="of the person's orders",
        rows=_fulfilments,
        shown=("code", "state"),
    ),
    Table(
        "orders.Fulfilment",
        Kept.BOOKS,
        (Column("bay", Kind.TEXT, CLEAR),),
        found="of the person's orders, once they have ended",
        rows=lambda person: _fulfilments(person).exclude(state__in=UNFINISHED),
        shown=("code",),
    ),
    Table(
        "orders.Fulfilment",
        Kept.BOOKS,
        (Column("bay", Kind.TEXT, _IN_ITS_BAY),),
        found="of the person's orders that are not done",
        rows=lambda person: _fulfilments(person).filter(state__in=UNFINISHED),
        shown=("code",),
    ),
    Table(
        "orders.ReturnLine",
        Kept.BOOKS,
        (Column("reason", Kind.TEXT, CLEAR),),
        found="of returns of the person's orders",
        rows=lambda person: ReturnLine.objects.filter(
            Q(ret__order__in=person.keys_of("orders.Order"))
        ),
        shown=("ret_id", "sku__code", "quantity"),
    ),
    Copies(
        "staging.imports_file_…, staging.imports_work_…",
        Kept.IMPORTS,
        Kind.DOCUMENT,
        found="rows of the person in files of orders that are not applied to their end",
        does="taken out of the file, and listed as bad rows without their cells",
        erase=lambda person, _: erase_waiting_rows(person),
        read=read_waiting_rows,
        columns={},
    ),
    Table("orders.PickList", Kept.BOOKS, staff("person", "created_by")),
    Table("orders.Scan", Kept.SCANS, staff("actor", "undone_by")),
    Table("orders.Return", Kept.BOOKS, staff("overridden_by", "created_by")),
    Table("orders.ReturnReceiptLine", Kept.BOOKS, staff("actor")),
    Table("orders.Reconciliation", Kept.BOOKS, staff("asked_by")),
)
NO_PEOPLE = {
    "orders.Order": ("number", "currency"),
    "orders.OrderLine": ("line_id",),
    "orders.SourcingReceipt": ("occasion",),
    "orders.Fulfilment": ("code", "promise"),
    "orders.PickListLine": ("bin", "barcodes"),
    "orders.Scan": ("payload", "lot", "serial", "detail"),
    "orders.Violation": ("law", "sku", "location", "subject"),
    "orders.Erasure": ("customers", "orders"),
}
