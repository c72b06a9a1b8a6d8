"""One SKU that no other client touches: the books know its figure at every moment.

Late counts and looks into the past are compared exactly.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from torture.client import Client
from torture.clients.base import Kind
from torture.world import World

PLACE = "W1"
TICK = 0.01  # seconds between an act and a moment that is told from it
LATEST = 8  # moments that are looked back to


class Observing(Kind):
    def __init__(self, client: Client, world: World) -> None:
        super().__init__(client, world)
        self.sku = ""
        self._on_hand = 0
        self._past: list[tuple[str, int]] = []  # moment, units on hand then

    def turn(self) -> None:
        if not self.sku:
            with self.world.lock:
                if not self.world.own_skus:
                    return
                self.sku = self.world.own_skus.pop()
            self._receive(50)
        draw = self.client.chance.randrange(100)
        if draw < 25:
            self._receive(self.units(9))
        elif draw < 45:
            self._lose(self.units(min(5, max(1, self._on_hand))))
        elif draw < 70:
            self._count_late()
        else:
            self._look_back()

    def _moment(self) -> str:
        """Return a moment between the act before and the next, and remember what was there."""
        time.sleep(TICK)
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        time.sleep(TICK)
        self._past.append((now, self._on_hand))
        del self._past[:-LATEST]
        return now

    def _receive(self, units: int) -> None:
        reference = f"own-{self.client.fresh()[:12]}"
        lines = [{"sku": self.sku, "quantity": units}]
        body = {"location": PLACE, "reference": reference, "lines": lines}
        act = self.client.act("receive", "receipts", body)
        if self.book_reference(act, reference):
            self._on_hand += units
            self.books.move(reference, self.sku, PLACE, units)
            self._compare(act.answer["lines"][0])

    def _lose(self, units: int) -> None:
        reference = f"own-{self.client.fresh()[:12]}"
        line = {"sku": self.sku, "location": PLACE, "on_hand_delta": -units}
        body = {"reason": "lost", "reference": reference, "lines": [line]}
        act = self.client.act("adjust", "stock/adjustments", body)
        if self.book_reference(act, reference):
            self._on_hand -= units
            self.books.move(reference, self.sku, PLACE, -units)
            self._compare(act.answer["lines"][0])

    def _count_late(self) -> None:
        """Count, let something happen, and send the figure afterwards."""
        at, counted = self._moment(), max(0, self._on_hand + self.client.chance.randint(-3, 3))
        was = self._on_hand
        self._receive(self.units(9))
        since = self._on_hand - was
        reference = f"own-{self.client.fresh()[:12]}"
        line = {"sku": self.sku, "location": PLACE, "on_hand": counted}
        body = {"reason": "cycle_count", "reference": reference, "as_of": at, "lines": [line]}
        act = self.client.act("count late", "stock/counts/apply", body)
        if not self.book_reference(act, reference):
            return
        self._past.clear()  # the past is as it was recorded: ask only for what comes now
        self.books.move(reference, self.sku, PLACE, act.answer["lines"][0]["variance"])
        self._on_hand = counted + since
        self.books.announce("count.applied", f"counts/{act.answer['id']}")
        self._compare(act.answer["lines"][0])

    def _compare(self, row: dict[str, Any]) -> None:
        law = "late_facts_stay_true"
        right = row["on_hand"] == self._on_hand
        self.books.check(law, right, f"{self.sku}: {self._on_hand} by the books, told {row}")
        self._on_hand = row["on_hand"]

    def _look_back(self) -> None:
        self._moment()
        at, units = self.client.chance.choice(self._past)
        found = self.client.look("stock/as-of", sku=self.sku, location=PLACE, at=at)
        if found is not None:
            self.books.check(
                "time_travel_is_true",
                found["on_hand"] == units,
                f"{self.sku} at {at}: {units} by the books, told {found['on_hand']}",
            )
