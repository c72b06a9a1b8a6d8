"""Readers: what they are shown is never negative, never impossible, never older than before."""

from __future__ import annotations

from typing import Any

from torture.client import Client
from torture.clients.base import Kind
from torture.world import ORDERED, PLACES, World


class Reading(Kind):
    def __init__(self, client: Client, world: World) -> None:
        super().__init__(client, world)
        self._versions: dict[tuple[str, str], int] = {}

    def turn(self) -> None:
        for _ in range(3):
            if self.lucky(60):
                self._read_stock()
            else:
                self._ask_availability()

    def _read_stock(self) -> None:
        page = self.client.look("stock", location=self.some(PLACES), limit=200)
        for row in page["results"] if page else ():
            self._check_row(row)

    def _check_row(self, row: dict[str, Any]) -> None:
        figures = row["on_hand"], row["reserved"], row["unavailable"], row["available"]
        adds_up = row["available"] == row["on_hand"] - row["reserved"] - row["unavailable"]
        self.books.check("reads_are_never_negative", min(figures) >= 0, row)
        self.books.check("reads_add_up", adds_up, row)
        key = row["sku"], row["location"]
        seen = self._versions.get(key, -1)
        self.books.check(
            "reads_never_go_back", row["version"] >= seen, f"{key}: {row['version']} after {seen}"
        )
        self._versions[key] = max(seen, row["version"])

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
