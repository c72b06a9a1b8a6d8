"""Customers who were erased: no row and no answer has their name any more."""

from __future__ import annotations

import time
from collections import defaultdict

import psycopg

from torture.books import Books
from torture.verdicts import Verdicts
from torture.view import View

LAW = "erased_is_gone"
_TABLES = """
SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
AND relname !~ '^imports_(file|work)_'  -- gone when a file is applied
"""
_LATE = "SELECT count(*) FROM orders_erasure"
PATIENCE = 30.0  # seconds until copies are gone that were written beside an erasure
_FIND = """
SELECT DISTINCT word[1] FROM {table} AS t,
LATERAL regexp_matches(t::text, 'zq[0-9]+x[0-9]+qz', 'g') AS word
"""


def compare_orders_of_erased(verdicts: Verdicts, books: Books, view: View) -> None:
    """An order that belongs to an erased customer keeps the country of its address, and no more."""
    words = {each.customer_id: each.word for each in list(books.erasures)}
    for order in view.orders:
        word = words.get(order["customer_id"] or "")
        if word:
            text = f"{order['ship_to']} {order['note']}"
            verdicts.check(LAW, word not in text, f"{order['number']}: {text}")


def compare_copies(
    verdicts: Verdicts, books: Books, view: View, connection: psycopg.Connection
) -> None:
    """No table has the word of an erased customer, unless they have ordered again afterwards.

    An order that was on its way when its customer was erased is one of a new customer of that
    name, who may be erased in turn.
    """
    erased = {each.customer_id: each.word for each in list(books.erasures)}
    again: dict[str, list[str]] = defaultdict(list)
    with books.lock:
        bodies = {number: order.body for number, order in books.orders.items()}
    for order in view.orders:
        text = str(bodies.get(order["number"], {}).get("customer"))
        for word in erased.values():
            if word in text and erased.get(order["customer_id"] or "") != word:
                again[word].append(order["number"])
    gone = {word for word in erased.values() if word not in again}
    deadline = time.monotonic() + PATIENCE
    while connection.execute(_LATE).fetchone() != (0,) and time.monotonic() < deadline:
        time.sleep(0.5)
    for (table,) in connection.execute(_TABLES).fetchall():
        found = {word for (word,) in connection.execute(_FIND.format(table=table))}
        for word in gone:
            verdicts.check(LAW, word not in found, f"{table} has {word}")
