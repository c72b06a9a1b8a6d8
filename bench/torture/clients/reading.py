"""Readers: what they are shown is never negative, never impossible, never older than before."""

from __future__ import annotations

from typing import Any

from torture.clients.base import Kind
from torture.world import ORDERED, PLACES


class Reading(Kind):
    def turn(self) -> None:
        for _ in range(3):
            if self.lucky(60):
                self._read_stock()
            else:
                self._ask_availability()

    def _read_stock(self) -> None:
        with self.books.lock:
            seen = dict(self.books.versions)  # by any client before this read begins
        page = self.client.look("stock", location=self.some(PLACES), limit=200)
        for row in page["results"] if page else ():
            self._check_row(row, seen)

    def _check_row(self, row: dict[str, Any], seen: dict[tuple[str, str], int]) -> None:
        figures = row["on_hand"], row["reserved"], row["unavailable"], row["available"]
        adds_up = row["available"] == row["on_hand"] - row["reserved"] - row["unavailable"]
        self.books.check("reads_are_never_negative", min(figures) >= 0, row)
        self.books.check("reads_add_up", adds_up, row)
        key, version = (row["sku"], row["location"]), row["version"]
        before = seen.get(key, -1)
        self.books.check(
            "reads_never_go_back", version >= before, f"{key}: {version} after {before}"
        )
        with self.books.lock:
            self.books.versions[key] = max(self.books.versions.get(key, -1), version)

    def _ask_availability(self) -> None:
        skus = self.client.chance.sample(ORDERED, 4)
        body = {"channel": "web", "lines": [{"sku": sku, "quantity": 2} for sku in skus]}
        act = self.client.act("ask availability", "availability/query", body)
        if not act.is_done:
            return
        for line in act.answer["lines"]:
            parts = sum(each["sellable"] for each in line["locations"])
            low = min([line["sellable"], *(each["sellable"] for each in line["locations"])])
            self.books.check(
                "reads_are_never_negative", low >= 0 and parts <= line["sellable"], line
            )
