"""The laws: what the books say beside what the service has."""

from __future__ import annotations

from torture.books import Books
from torture.feed import Subscriber
from torture.laws import announced, orders, reservations, units
from torture.verdicts import Verdicts
from torture.view import Records, View


def judge(books: Books, subscriber: Subscriber, view: View, records: Records) -> Verdicts:
    """Compare everything that holds whenever no act is under way."""
    verdicts = Verdicts()
    units.compare_figures(verdicts, books, records)
    units.compare_findings(verdicts, books, records)
    units.compare_stock(verdicts, books, view)
    units.compare_ledger(verdicts, books, records)
    orders.compare_orders(verdicts, books, view)
    orders.compare_units(verdicts, books, view)
    orders.compare_scans(verdicts, books, records)
    reservations.compare_reserved(verdicts, books, view, records)
    announced.compare_announced(verdicts, books, subscriber)
    announced.compare_balances(verdicts, subscriber, view)
    return verdicts


def judge_lists(books: Books, view: View) -> Verdicts:
    """Compare the API's own lists in the same way."""
    verdicts = Verdicts()
    units.compare_stock(verdicts, books, view)
    orders.compare_orders(verdicts, books, view)
    orders.compare_units(verdicts, books, view)
    return verdicts
