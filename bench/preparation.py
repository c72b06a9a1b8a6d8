"""Before the replay: locations, channels, SKUs and the first deliveries, through the API."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from threading import local
from typing import Any
from zlib import crc32

from expected_state import ExpectedState, Pair
from plan import BRANCHES, PLACES, WAREHOUSES, location_bodies
from progress import Progress
from service import Service

LINES_AT_ONCE = 500  # of a delivery


class Preparation:
    """Several connections that put things in place; `services` are their clients afterwards."""

    def __init__(self, url: str, key: str, clients: int, run: str) -> None:
        self.url, self.key, self.clients, self.run = url, key, clients, run
        self.services: list[Service] = []
        self.expected = ExpectedState()
        self._mine = local()

    def service(self) -> Service:
        if not hasattr(self._mine, "service"):
            self._mine.service = Service(self.url, self.key)
            self.services.append(self._mine.service)
        return self._mine.service

    def prepare(self, names: dict[str, str], skus: Sequence[str]) -> None:
        """Open the buildings and channels and fill the catalogue."""
        for code, body in location_bodies().items():
            self.service().put(f"locations/{code}", body, "put location")
        sells_from = {"pos": BRANCHES, "web": "all"}
        for code, locations in sells_from.items():
            body = {"name": code, "kind": code, "locations": locations}
            self.service().put(f"channels/{code}", body, "put channel")

        def put(sku: str) -> None:
            body = {"name": names.get(sku, sku), "barcodes": [barcode_of(sku)]}
            self.service().put(f"skus/{sku}", body, "put sku")

        self._all(put, skus, "SKUs")
        for code in PLACES:
            self.service().put(f"locations/{code}/bins", bins_of(code, skus), "put bins")

    def receive(self, units: Counter[Pair], name: str) -> None:
        """Take the deliveries in and book them."""
        parcels = list(split(units, f"{self.run}-{name}"))

        def take_in(body: dict[str, Any]) -> None:
            receive(self.service(), self.expected, body)

        self._all(take_in, parcels, "deliveries")

    def _all(self, act: Callable[[Any], None], things: Sequence[Any], title: str) -> None:
        progress = Progress(title, len(things))
        with ThreadPoolExecutor(self.clients) as pool:
            for done, _ in enumerate(pool.map(act, things), start=1):
                progress.show(done)
        progress.end()


def split(units: Counter[Pair], reference: str) -> Iterable[dict[str, Any]]:
    """Yield the bodies of the deliveries, a place at a time."""
    for place in PLACES:
        lines = iter(
            [
                {"sku": sku, "quantity": quantity}
                for (sku, at), quantity in sorted(units.items())
                if at == place
            ]
        )
        number = 0
        while some := list(islice(lines, LINES_AT_ONCE)):
            number += 1
            yield {
                "location": place,
                "reference": f"{reference}-{place}-{number}",
                "lines": some,
            }


def receive(service: Service, expected: ExpectedState, body: dict[str, Any]) -> None:
    """Take one delivery in."""
    status, _ = service.post("receipts", body, "receive")
    if status == 201:
        for line in body["lines"]:
            expected.move("received", line["sku"], body["location"], line["quantity"])


def barcode_of(sku: str) -> str:
    """Return an EAN-13 in the range that GS1 keeps for use inside a company."""
    digits = f"21{crc32(sku.encode()):010d}"
    weighed = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-weighed % 10}"


def bins_of(place: str, skus: Sequence[str]) -> dict[str, Any]:
    """Return a plan of the building: every SKU in one bin, bins in walking order."""
    count = 240 if place in WAREHOUSES else 60
    bins: list[list[str]] = [[] for _ in range(count)]
    for position, sku in enumerate(skus):
        bins[position % count].append(sku)
    return {
        "bins": [
            {"code": f"B{number:03}", "walk": number, "skus": some}
            for number, some in enumerate(bins, start=1)
        ]
    }
