"""Reading the extract of real data that the demo is made of (data/ATTRIBUTION.md)."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from itertools import groupby
from pathlib import Path

DATA = Path(__file__).parent / "data"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

# An order of the demo fits on a page and in a tote; larger invoices are for the bench.
MOST_LINES, MOST_UNITS = 8, 72


@dataclass(frozen=True, slots=True)
class Good:
    """One article as the shop shows it; the price is in pounds."""

    sku: str
    name: str
    price: Decimal
    barcode: str
    product: str | None
    design: str


@dataclass(frozen=True, slots=True)
class Branch:
    """A building with its hours by day, each a list of ["09:00", "17:00"]."""

    code: str
    name: str
    address: str
    postcode: str
    latitude: float
    longitude: float
    hours: dict[str, list[list[str]]]
    ships: bool
    pickup: bool


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    sku: str
    quantity: int
    unit_price: Decimal


@dataclass(frozen=True, slots=True)
class Invoice:
    """A sale; `customer` is the shop's number, or nothing."""

    number: str
    customer: str
    lines: tuple[InvoiceLine, ...]


@cache
def goods() -> tuple[Good, ...]:
    with (DATA / "products.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            Good(
                sku=row["sku"],
                name=row["name"],
                price=Decimal(row["price"]),
                barcode=row["barcode"],
                product=row["product"] or None,
                design=row["design"],
            )
            for row in csv.DictReader(file)
        )


@cache
def branches() -> tuple[Branch, ...]:
    with (DATA / "branches.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            Branch(
                code=row["code"],
                name=row["name"],
                address=row["address"],
                postcode=row["postcode"],
                latitude=float(row["latitude"]),
                longitude=float(row["longitude"]),
                hours={day: _intervals(row[day]) for day in DAYS},
                ships=row["delivery"] == "1",
                pickup=row["click_and_collect"] == "1",
            )
            for row in csv.DictReader(file)
        )


def _intervals(text: str) -> list[list[str]]:
    return [] if text == "closed" else [text.split("-")]


def small_invoices() -> Iterator[Invoice]:
    """Return the sales that make an order of the demo, in the order of time."""
    known = {good.sku for good in goods()}
    with gzip.open(DATA / "invoices.csv.gz", "rt", encoding="utf-8", newline="") as file:
        sold = [row for row in csv.DictReader(file) if row["event"] == "sale"]
    for number, rows in groupby(sold, key=lambda row: row["invoice"]):
        units: dict[tuple[str, Decimal], int] = {}
        customer = ""
        for row in rows:
            customer = row["customer"]
            sku = row["stock_code"].upper()  # the same code is written 85123A and 85123a
            if sku in known:
                line = sku, Decimal(row["unit_price"])
                units[line] = units.get(line, 0) + int(row["qty"])
        if 0 < len(units) <= MOST_LINES and max(units.values()) <= MOST_UNITS:
            lines = tuple(
                InvoiceLine(sku, quantity, price) for (sku, price), quantity in units.items()
            )
            yield Invoice(number, customer, lines)
