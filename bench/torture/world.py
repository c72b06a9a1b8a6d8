"""The shop of the storm: its buildings, channels and SKUs, and what all clients know of.

Four sorts of SKUs, by what may happen to them. `SOLD` are never counted or corrected, so the
books know their unavailable units as well. `COUNTED` are. `SCARCE` have a few units at a time.
`FILED` are in stock files by the hundred, and sold at tills meanwhile. `KEPT` has safety stock.
Beside these each counting client has one of its own, see `clients/observing.py`.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from preparation import barcode_of

from torture.books import Books
from torture.client import Client

WAREHOUSES = ("W1", "W2")
SHOPS = ("S1", "S2", "S3")
PLACES = (*WAREHOUSES, *SHOPS)
CHANNELS: dict[str, list[str]] = {
    "web": list(PLACES),
    "market": ["W1", "W2", "S1"],
    "till": list(SHOPS),
}
KINDS = {"web": "web", "market": "marketplace", "till": "pos"}

SOLD = tuple(f"SOLD-{n}" for n in range(8))
COUNTED = tuple(f"COUNTED-{n}" for n in range(6))
SCARCE = ("SCARCE-0", "SCARCE-1")
FILED = tuple(f"FILED-{n:03}" for n in range(400))
KEPT = "KEPT"
KEPT_UNITS = 5  # safety stock of KEPT in each building
OWN = tuple(f"OWN-{n}" for n in range(4))
FILED_AT = "S1"
ORDERED = (*SOLD, *COUNTED, *SCARCE, KEPT)

OPENING = {SOLD: 400, COUNTED: 250, SCARCE: 1, (KEPT,): KEPT_UNITS + 1}
AT_ONCE = 400  # lines of a receipt


@dataclass(frozen=True)
class Customer:
    """A person as a shop sends them; `word` is in every field and nowhere else."""

    external_id: str
    word: str

    def body(self) -> dict[str, Any]:
        return {
            "external_id": self.external_id,
            "name": f"Ada {self.word} Smith",
            "email": f"{self.word}@mail.example",
            "phone": f"+44 {self.word}",
        }

    def address(self) -> dict[str, Any]:
        return {
            "name": f"Ada {self.word} Smith",
            "line1": f"1 {self.word} Street",
            "postal_code": "LS1 4DY",
            "country": "GB",
        }


@dataclass
class World:
    """What the clients have in common: the books, and what they may act upon."""

    books: Books
    seed: int
    pass_key: str  # of the shop's site, which shows pickup passes and hands nothing over
    orders: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=400))
    carts: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=60))
    left: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=300))
    returns: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=60))
    customers: list[Customer] = field(default_factory=list)
    own_skus: list[str] = field(default_factory=lambda: list(OWN))
    lock: threading.Lock = field(default_factory=threading.Lock)
    _generation: int = 0

    def __post_init__(self) -> None:
        for _ in range(8):
            self.customers.append(self.new_customer())

    def new_customer(self) -> Customer:
        with self.lock:
            self._generation += 1
            number = self._generation
        return Customer(f"person-{self.seed}-{number}", f"zq{self.seed}x{number}qz")

    def replace(self, customer: Customer) -> None:
        """Let a customer who is going to be erased order no more: another takes the place."""
        with self.lock:
            if customer in self.customers:
                self.customers.remove(customer)
        self.customers.append(self.new_customer())


def prepare(client: Client, books: Books) -> None:
    """Open the buildings and channels, fill the catalogue, take the first goods in.

    No building begins with all SKUs, so that orders of several lines come from several.
    """
    for code in PLACES:
        _put(client, f"locations/{code}", _location(code))
    for code, locations in CHANNELS.items():
        body = {"name": code, "kind": KINDS[code], "locations": locations}
        _put(client, f"channels/{code}", body)
    for sku in (*ORDERED, *OWN):
        _put(client, f"skus/{sku}", {"name": sku.title(), "barcodes": [barcode_of(sku)]})
    text = "sku,name\n" + "".join(f"{sku},{sku.title()}\n" for sku in FILED)
    act = client.upload("prepare", "imports", {"kind": "skus"}, "skus.csv", text)
    wait_for_import(client, act.answer["id"])
    kept = [{"sku": KEPT, "location": p, "safety_stock": KEPT_UNITS} for p in PLACES]
    _put(client, "stock/safety-stock", {"lines": kept})
    for place in PLACES:
        lines = [
            {"sku": sku, "quantity": units}
            for skus, units in OPENING.items()
            for number, sku in enumerate(skus)
            if (number + PLACES.index(place)) % 3 or len(skus) < 3
        ]
        receive(client, books, place, f"opening-{place}", lines)
    lines = [{"sku": sku, "quantity": 60} for sku in FILED]
    receive(client, books, FILED_AT, "opening-filed", lines)


def receive(
    client: Client, books: Books, place: str, reference: str, lines: list[dict[str, Any]]
) -> bool:
    """Take goods in without an announcement, and book them."""
    body = {"location": place, "reference": reference, "lines": lines}
    act = client.act("receive", "receipts", body)
    if act.is_done:
        for line in lines:
            books.move(reference, line["sku"], place, line["quantity"])
    else:
        books.refuse_reference(reference, act)
    return act.is_done


def wait_for_import(client: Client, identity: str) -> dict[str, Any]:
    """Return a file when it is done or has failed; empty when the run ends before."""
    while not client.stopped:
        found = client.look(f"imports/{identity}")
        if found and found["state"] in ("done", "failed"):
            return dict(found)
        client.pause()
    return {}


def _put(client: Client, path: str, body: Any) -> None:
    act = client.put_until_answered("prepare", path, body)
    if not act.is_done:
        raise SystemExit(f"PUT {path} answered {act.status} {act.answer}")


def _location(code: str) -> dict[str, Any]:
    number = PLACES.index(code)
    is_shop = code in SHOPS
    return {
        "name": f"Building {code}",
        "kind": "store" if is_shop else "warehouse",
        "timezone": "Europe/London",
        "latitude": 51.0 + number * 0.7,
        "longitude": -1.0 - number * 0.3,
        "capabilities": ["ships", "returns", *(["pickup"] if is_shop else [])],
        "priority": 50 if is_shop else 10,
    }
