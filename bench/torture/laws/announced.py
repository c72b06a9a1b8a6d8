"""The feed: each effect is announced, once, and the last word on a row is what the row has."""

from __future__ import annotations

from torture.books import Books
from torture.feed import EXACT, Subscriber
from torture.verdicts import Verdicts
from torture.view import View


def compare_announced(verdicts: Verdicts, books: Books, subscriber: Subscriber) -> None:
    with books.lock:
        expected = dict(books.announced)
    # Of some types the service announces more than clients are told: these are not compared.
    heard_of = {key for key in subscriber.heard if key[0] in EXACT}
    for key in expected.keys() | heard_of:
        told, heard = expected.get(key, 0), subscriber.heard[key]
        verdicts.check(
            "announced_once", told == heard, f"{key}: {told} by the books, heard {heard} times"
        )


def compare_balances(verdicts: Verdicts, subscriber: Subscriber, view: View) -> None:
    for pair, figures in subscriber.balances.items():
        there = view.stock.get(pair)
        verdicts.check(
            "the_feed_tells_the_balance",
            there == figures,
            f"{pair}: {figures} by the feed, {there} there",
        )
