"""People who find, lose and break units, and set units apart."""

from __future__ import annotations

from typing import Any

from torture.clients.base import Kind
from torture.world import COUNTED, PLACES

WAYS = (
    ("available", "damaged"),
    ("available", "quarantine"),
    ("damaged", "scrapped"),
    ("quarantine", "available"),
    ("missing", "available"),
    ("damaged", "to_vendor"),
)


class Adjusting(Kind):
    def turn(self) -> None:
        if self.lucky(55):
            self._adjust()
        else:
            self._set_apart()

    def _adjust(self) -> None:
        place = self.some(PLACES)
        skus = self.client.chance.sample(COUNTED, self.units(2))
        sign = 1 if self.lucky(60) else -1
        lines = [
            {"sku": sku, "location": place, "on_hand_delta": sign * self.units(12)} for sku in skus
        ]
        reference = f"adjust-{self.client.fresh()[:12]}"
        body = {"reason": "found" if sign > 0 else "lost", "reference": reference, "lines": lines}
        act = self.client.act("adjust", "stock/adjustments", body)
        if self.book_reference(act, reference):
            for line in lines:
                self.books.move(reference, line["sku"], place, line["on_hand_delta"])
            self._check_after(act.answer["lines"])

    def _set_apart(self) -> None:
        origin, outcome = self.some(WAYS)
        line = {
            "sku": self.some(COUNTED),
            "location": self.some(PLACES),
            "quantity": self.units(3),
            "from": origin,
            "to": outcome,
        }
        reference = f"apart-{self.client.fresh()[:12]}"
        body = {"reference": reference, "lines": [line]}
        act = self.client.act("set apart", "stock/unavailable", body)
        if self.book_reference(act, reference):
            gone = line["quantity"] if outcome in ("scrapped", "to_vendor") else 0
            self.books.move(reference, line["sku"], line["location"], -gone)
            self._check_after(act.answer["lines"])

    def _check_after(self, lines: list[dict[str, Any]]) -> None:
        for row in lines:
            figures = row["on_hand"], row["reserved"], row["unavailable"]
            self.books.check("reads_are_never_negative", min(figures) >= 0, row)
