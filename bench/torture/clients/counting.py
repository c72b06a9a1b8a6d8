"""Counts: applied at once, or by two people over several steps."""

from __future__ import annotations

import uuid
from typing import Any

from torture.clients.base import Kind
from torture.world import COUNTED, PLACES


class Counting(Kind):
    def turn(self) -> None:
        if self.lucky(70):
            self._count_at_once()
        else:
            self._count_in_steps()

    def _figure(self, sku: str, place: str) -> int | None:
        page = self.client.look("stock", sku=sku, location=place)
        if not page or not page["results"]:
            return None
        # Near to the record, mostly below it: a shop that always finds more would never sell out.
        seen: int = page["results"][0]["on_hand"] + self.client.chance.randint(-8, 7)
        return max(0, seen)

    def _count_at_once(self) -> None:
        place = self.some(PLACES)
        figures = {
            sku: self._figure(sku, place)
            for sku in self.client.chance.sample(COUNTED, self.units(3))
        }
        lines = [
            {"sku": sku, "location": place, "on_hand": units}
            for sku, units in figures.items()
            if units is not None
        ]
        if not lines:
            return
        reference = f"count-{self.client.fresh()[:12]}"
        body = {"reason": "cycle_count", "reference": reference, "lines": lines}
        act = self.client.act("count", "stock/counts/apply", body)
        if not self.book_reference(act, reference):
            return
        for line in act.answer["lines"]:
            self.books.move(reference, line["sku"], place, line["variance"])
        self.books.announce("count.applied", f"counts/{act.answer['id']}")

    def _count_in_steps(self) -> None:
        place, skus = self.some(PLACES), self.client.chance.sample(COUNTED, 2)
        body = {
            "location": place,
            "select": {"skus": skus},
            "threshold": {"units": 1_000, "percent": 100},
        }
        act = self.client.act("begin a count", "stock/counts", body)
        if not act.is_done:
            return
        address = f"stock/counts/{act.answer['id']}"
        entries = [
            {"entry_id": str(uuid.UUID(int=self.client.chance.getrandbits(128))), "sku": sku,
             "quantity": units}
            for sku in skus
            if (units := self._figure(sku, place)) is not None
        ]  # fmt: skip
        if not entries:
            self.client.act("cancel a count", f"{address}/cancel")
            return
        self.client.act("enter", f"{address}/entries", {"entries": [*entries, entries[0]]})
        self.client.act("hand a count in", f"{address}/submit")
        applied = self.client.act("apply a count", f"{address}/apply")
        if applied.is_done:
            self._book(applied.answer, place)
        else:
            self.client.act("cancel a count", f"{address}/cancel")

    def _book(self, answer: dict[str, Any], place: str) -> None:
        reference = f"counts/{answer['id']}"
        for line in answer["review"]:
            if not line["superseded"]:
                self.books.move(reference, line["sku"], place, line["variance"])
        self.books.announce("count.applied", f"counts/{answer['id']}")
