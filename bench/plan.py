"""What becomes of each invoice: its channel, its hand-over, its place; and what stock that takes.

Decided by hashes of the numbers, so that the same data gives the same day.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable
from typing import Any
from zlib import crc32

from invoices import SHIPPED, Invoice

WAREHOUSES = {
    "W1": ("Warehouse Daventry", 52.2577, -1.1649),
    "W2": ("Warehouse Wakefield", 53.6833, -1.4977),
}
COUNTRIES = {
    "United Kingdom": "GB", "Germany": "DE", "France": "FR", "EIRE": "IE", "Spain": "ES",
    "Netherlands": "NL", "Belgium": "BE", "Switzerland": "CH", "Portugal": "PT", "Norway": "NO",
    "Italy": "IT", "Austria": "AT", "Sweden": "SE", "Finland": "FI", "Denmark": "DK",
    "Australia": "AU", "Japan": "JP", "USA": "US", "Poland": "PL", "Cyprus": "CY",
}  # fmt: skip
OUTWARD = ("SW1A", "LS1", "NR1", "EX1", "BA1", "OX1", "CB1", "S1", "HU1", "CA1", "SA1", "AB10",
           "IV1", "BT1", "PL1", "IP1", "BN1", "FK8", "M1", "B1")  # fmt: skip
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

# Of a hundred invoices: sold at a till, picked up, the rest sent as parcels.
AT_TILL, PICKED_UP = 30, 10
# Of a hundred units that parcels take: received in each warehouse; the rest in one shop.
IN_WAREHOUSE = {"W1": 45, "W2": 35}
SHORT_EVERY, SHORT_SHARE = 20, 60  # every 20th SKU: 60 % of what is asked for
LATER_SHARE = 15  # and 15 % more of those, half-way through the day

Pair = tuple[str, str]  # SKU, location


def chance(*words: str, out_of: int = 100) -> int:
    """Return a number below `out_of`, the same one for the same words every time."""
    return crc32("/".join(words).encode()) % out_of


def branches() -> list[dict[str, str]]:
    with (SHIPPED / "branches.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


BRANCHES = [row["code"] for row in branches()]
PICKUP_BRANCHES = [row["code"] for row in branches() if row["click_and_collect"] == "1"]
PLACES = [*WAREHOUSES, *BRANCHES]


def hand_over(invoice: Invoice) -> tuple[str, dict[str, str]]:
    """Return the channel, and the hand-over as a line of an order names it."""
    share = chance(invoice.number, "how")
    if share < AT_TILL:
        place = BRANCHES[chance(invoice.number, "where", out_of=len(BRANCHES))]
        return "pos", {"type": "carry_out", "location": place}
    if share < AT_TILL + PICKED_UP:
        place = PICKUP_BRANCHES[chance(invoice.number, "where", out_of=len(PICKUP_BRANCHES))]
        return "web", {"type": "pickup", "location": place}
    return "web", {"type": "ship"}


def ship_to(invoice: Invoice) -> dict[str, str]:
    """Return where a parcel goes; a British customer has a postcode district."""
    country = COUNTRIES.get(invoice.country, "GB")
    to = {"name": f"Customer {invoice.customer or invoice.number}", "country": country}
    if country == "GB":
        to["postal_code"] = OUTWARD[chance(invoice.customer or invoice.number, out_of=20)]
    return to


def demand(invoices: Iterable[Invoice]) -> tuple[Counter[str], Counter[Pair]]:
    """Return the units asked for by parcel, and those asked for at a place."""
    by_parcel: Counter[str] = Counter()
    at_place: Counter[Pair] = Counter()
    for invoice in invoices:
        if invoice.event == "sale":
            _, how = hand_over(invoice)
            for line in invoice.lines:
                if "location" in how:
                    at_place[line.sku, how["location"]] += line.quantity
                else:
                    by_parcel[line.sku] += line.quantity
    return by_parcel, at_place


def is_short(sku: str) -> bool:
    return chance(sku, "short", out_of=SHORT_EVERY) == 0


def deliveries(by_parcel: Counter[str], at_place: Counter[Pair]) -> tuple[Counter, Counter]:
    """Return the units to receive before the day, and half-way through it, by SKU and place."""
    wanted: Counter[Pair] = Counter(at_place)
    for sku, units in by_parcel.items():
        shop = BRANCHES[chance(sku, "shelf", out_of=len(BRANCHES))]
        left = units
        for code, share in IN_WAREHOUSE.items():
            part = units * share // 100
            wanted[sku, code] += part
            left -= part
        wanted[sku, shop] += left
    first: Counter[Pair] = Counter()
    later: Counter[Pair] = Counter()
    for (sku, place), units in wanted.items():
        if is_short(sku):
            first[sku, place] = units * SHORT_SHARE // 100
            later[sku, place] = units * LATER_SHARE // 100
        else:
            first[sku, place] = units + units // 20 + 1
    return +first, +later


def location_bodies() -> dict[str, dict[str, Any]]:
    """Return what `PUT /locations/{code}` is told of each building."""
    bodies: dict[str, dict[str, Any]] = {}
    for row in branches():
        able = ["returns"]
        able += ["ships"] * (row["delivery"] == "1") + ["pickup"] * (
            row["click_and_collect"] == "1"
        )
        bodies[row["code"]] = {
            "name": row["name"],
            "kind": "store",
            "timezone": "Europe/London",
            "latitude": float(row["latitude"]),
            "longitude": float(row["longitude"]),
            "address": {"line1": row["address"], "postal_code": row["postcode"]},
            "capabilities": able,
            "priority": 50,
            "hours": {day: [] if row[day] == "closed" else [row[day].split("-")] for day in DAYS},
        }
    for code, (name, latitude, longitude) in WAREHOUSES.items():
        bodies[code] = {
            "name": name,
            "kind": "warehouse",
            "timezone": "Europe/London",
            "latitude": latitude,
            "longitude": longitude,
            "capabilities": ["ships", "returns"],
            "priority": 10,
        }
    return bodies
