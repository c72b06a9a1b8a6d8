"""The books of the storm: what must be true by what the clients were told, and by nothing else.

Every entry comes from a request and its answer. The service's tables are read only to be compared
with these books, at the end and in pauses.
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from torture.client import Act
from torture.verdicts import Verdicts

Pair = tuple[str, str]  # SKU, location
LineKey = tuple[str, str]  # order or fulfilment, line id


def is_erased(external_id: str) -> bool:
    """Say whether an order's customer was erased, of which it keeps a digest of its external id."""
    return external_id.startswith("erased:")


@dataclass
class Order:
    """An order that was accepted: what was sent, and the most that was told of it since."""

    number: str
    body: dict[str, Any]
    first: dict[str, Any]  # the first answer
    cancelled: Counter[str] = field(default_factory=Counter)  # by line: units told as cancelled


@dataclass
class Cart:
    identity: str
    reference: str
    units: Counter[str]  # by SKU
    expires: float  # by the clients' monotonic clock, the earliest that it may be
    ended: str = ""  # released, ordered; empty: as far as is known it holds


@dataclass
class StockFile:
    """A stock file: its figures by row, and the row of the service that says how it went."""

    identity: str
    figures: dict[Pair, int]


@dataclass
class Erasure:
    customer_id: str
    word: str
    orders: tuple[str, ...]  # as the answer lists them


class Books:
    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.on_hand: Counter[tuple[str, Pair]] = Counter()  # by reference and row
        # Units that a till sold and the record did not have: no answer tells, only the ledger does.
        self.found: Counter[tuple[str, Pair]] = Counter()
        self.apart: Counter[Pair] = Counter()  # unavailable units
        self.refused_references: dict[str, str] = {}  # -> what was refused
        self.orders: dict[str, Order] = {}  # by number
        self.by_external_id: dict[tuple[str, str], str] = {}  # channel, external id -> number
        self.refused_orders: dict[tuple[str, str], str] = {}
        self.carts: dict[str, Cart] = {}
        self.left: Counter[LineKey] = Counter()  # fulfilment and line: units told as gone
        self.left_of_order: Counter[LineKey] = Counter()  # order number and line
        self.returned: Counter[LineKey] = Counter()  # order number and line
        self.short: dict[str, int] = {}  # pick list line -> units told as short
        self.scanned: Counter[str] = Counter()  # pick list line -> accepted units
        self.announced: Counter[tuple[str, str]] = Counter()  # event type, subject
        self.files: dict[str, StockFile] = {}
        self.erasures: list[Erasure] = []
        self.being_erased: set[str] = set()  # words of customers, from before they are erased
        self.kills: list[tuple[float, str]] = []
        self.versions: dict[Pair, int] = {}  # of stock rows: the newest that a reader was shown
        self.verdicts = Verdicts()  # on what clients compare when they are told

    # Units

    def move(self, reference: str, sku: str, place: str, units: int, *, apart: int = 0) -> None:
        """Book units of on_hand under the reference that the ledger must show, and those apart."""
        with self.lock:
            self.on_hand[reference, (sku, place)] += units
            self.apart[sku, place] += apart

    def refuse_reference(self, reference: str, act: Act) -> None:
        with self.lock:
            self.refused_references[reference] = f"{act.kind}: {act.status} {act.code}"

    def expected_on_hand(self) -> Counter[Pair]:
        sums: Counter[Pair] = Counter()
        with self.lock:
            for (_, pair), units in (*self.on_hand.items(), *self.found.items()):
                sums[pair] += units
        return sums

    # Orders

    def accept(self, body: dict[str, Any], order: dict[str, Any]) -> None:
        """Book an accepted order; what was carried out has left at once."""
        with self.lock:
            name = body["channel"], body["external_id"]
            known = self.by_external_id.get(name)
            if known is not None:
                text = f"{name} is {known} and {order['number']}"
                self.check("accepted_is_there_once", known == order["number"], text)
                return
            self.by_external_id[name] = order["number"]
            self.orders[order["number"]] = Order(order["number"], body, order)
            self.announce("order.placed", f"orders/{order['number']}")
            for fulfilment in order["fulfilments"]:
                if fulfilment["type"] == "carry_out":
                    self.leave(fulfilment)

    def refuse(self, body: dict[str, Any], code: str) -> None:
        with self.lock:
            self.refused_orders[body["channel"], body["external_id"]] = code

    def leave(self, fulfilment: dict[str, Any]) -> None:
        """Book what an answer says has left with the customer or the carrier by now."""
        code, order = fulfilment["id"], fulfilment["order"]
        with self.lock:
            for line in fulfilment["lines"]:
                key = code, line["line_id"]
                more = line["fulfilled"] - self.left[key]
                if more > 0:
                    self.left[key] += more
                    self.left_of_order[order, line["line_id"]] += more
                    self.on_hand[order, (line["sku"], fulfilment["location"])] -= more

    def announce(self, type: str, subject: str) -> None:
        """Book that subscribers must be told of this, once for each time it is booked."""
        with self.lock:
            self.announced[type, subject] += 1

    def check(self, law: str, holds: bool, text: Any = "") -> bool:
        return self.verdicts.check(law, holds, text)
