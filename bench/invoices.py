"""Reading invoices of Online Retail (UCI, CC BY 4.0), with the oddities that real data has."""

from __future__ import annotations

import csv
import gzip
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from pathlib import Path

SHIPPED = Path(__file__).parent.parent / "omniretail" / "demo" / "data"
# Five digits and perhaps letters; POST, M, D, BANK CHARGES, vouchers are no goods.
GOODS = re.compile(r"[0-9]{5}[A-Z]{0,2}")
MOST_LINES = 500  # lines of an order that the service takes


@dataclass(frozen=True, slots=True)
class Line:
    sku: str
    quantity: int  # units, always positive here
    unit_price: str  # "2.55"


@dataclass(slots=True)
class Invoice:
    """`event`: sale, cancel (goods come back), stock_adjust or zero_price_in (found, booked in).

    `note` is what a person wrote. `direction` is -1 where an adjustment takes units away.
    """

    number: str
    customer: str
    country: str
    event: str
    note: str = ""
    direction: int = 1
    lines: list[Line] = field(default_factory=list)


@dataclass
class Oddities:
    """What was met in the file, and how it was survived."""

    met: Counter[str] = field(default_factory=Counter)


def read(path: Path, sales: int, oddities: Oddities) -> Iterator[Invoice]:
    """Yield invoices in the order of time, up to `sales` of them being sales."""
    by_number: dict[tuple[str, str, int], Invoice] = {}
    units: dict[tuple[str, str, int], dict[tuple[str, str], int]] = defaultdict(dict)
    seen: set[tuple[str, ...]] = set()
    sold = 0
    for row in _rows(path):
        sku = row["stock_code"].strip().upper()
        quantity = int(row["qty"])
        if not GOODS.fullmatch(sku):
            oddities.met["charges left out"] += 1
            continue
        if not quantity:
            continue
        name = (row["invoice"], row["event"], 1 if quantity > 0 else -1)
        if name not in by_number:
            if row["event"] == "sale" and sold >= sales:
                break
            sold += row["event"] == "sale"
            by_number[name] = Invoice(
                *(row["invoice"], row["customer"], row["country"], row["event"]),
                note=row["note"],
                direction=name[2],
            )
            seen.clear()
        _count(row, sku, seen, oddities)
        line = sku, f"{Decimal(row['unit_price']):.2f}"
        units[name][line] = units[name].get(line, 0) + abs(quantity)
    for name, invoice in by_number.items():
        invoice.lines = [
            Line(sku, quantity, price) for (sku, price), quantity in units[name].items()
        ]
        yield invoice


def _count(row: dict[str, str], sku: str, seen: set[tuple[str, ...]], oddities: Oddities) -> None:
    whole = tuple(row.values())
    oddities.met["exact duplicate lines merged"] += whole in seen
    seen.add(whole)
    oddities.met["codes in lower case"] += row["stock_code"].strip() != sku
    oddities.met["lines at price zero"] += Decimal(row["unit_price"]) == 0
    oddities.met["negative quantities"] += int(row["qty"]) < 0


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def orders_of(invoice: Invoice) -> list[list[Line]]:
    """Split an invoice of more lines than an order may have."""
    lines = iter(invoice.lines)
    return list(iter(lambda: list(islice(lines, MOST_LINES)), []))


def names_of(path: Path) -> dict[str, str]:
    """Return the names of SKUs: from the list beside the file, else from the shipped one."""
    names = {}
    beside = path.with_name("online_retail_products.csv.gz")
    if beside.exists():
        for row in _rows(beside):
            names[row["stock_code"].upper()] = row["description"].strip()
    with (SHIPPED / "products.csv").open(encoding="utf-8", newline="") as file:
        names |= {row["sku"]: row["name"] for row in csv.DictReader(file)}
    return {sku: name for sku, name in names.items() if name}
