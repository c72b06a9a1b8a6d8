"""Returns, and corrections of the stock."""

from __future__ import annotations

import random
from collections import defaultdict
from typing import Any

from expected_state import ExpectedState
from invoices import Invoice, Line
from plan import BRANCHES, PLACES
from service import Service

# Cumulated, of a hundred: what becomes of a unit that came back.
DISPOSITIONS = (
    (70, "restock"),
    (85, "inspect"),
    (95, "damaged"),
    (98, "scrap"),
    (100, "to_vendor"),
)
WITHOUT_RECEIPT = 25  # of a hundred customers
KEPT_APART = ("inspect", "damaged")


class ReturnsWork:
    """Takes goods back. Remembers what its customers bought, by customer and SKU."""

    def __init__(self, service: Service, expected: ExpectedState, chance: random.Random) -> None:
        self.service, self.expected, self.chance = service, expected, chance
        self._bought: dict[tuple[str, str], list[str]] = defaultdict(list)  # -> order numbers

    def remember(self, customer: str, order: dict[str, Any]) -> None:
        if customer:
            for sku in {line["sku"] for line in order["lines"]}:
                self._bought[customer, sku].append(order["number"])

    def take_back(self, invoice: Invoice) -> None:
        """Take a cancelled invoice's goods back, with the order where there is one."""
        for line in invoice.lines:
            left = line.quantity
            if self.chance.randrange(100) >= WITHOUT_RECEIPT:
                left -= self._with_receipt(invoice.customer, line)
            if left:
                self._receive(None, line.sku, left)

    def _with_receipt(self, customer: str, line: Line) -> int:
        """Return the units that one of the customer's orders takes back."""
        for number in reversed(self._bought[customer, line.sku]):
            order = self.service.get(f"orders/{number}", "get order")
            out = sum(
                row["fulfilled"] - row["returned"]
                for row in (order or {"lines": []})["lines"]
                if row["sku"] == line.sku
            )
            units = min(out, line.quantity)
            if units and self._receive(number, line.sku, units):
                return units
        return 0

    def _receive(self, order: str | None, sku: str, units: int) -> bool:
        """Announce units and take them in, wherever the customer happens to be."""
        place = self.chance.choice(BRANCHES)
        body: dict[str, Any] = {
            "channel": "pos",
            "lines": [{"sku": sku, "quantity": units, "reason": "not wanted"}],
            "resolution": "refund",
            "drop_off": {"type": "store", "location": place},
        }
        if order:
            body["order"] = order
        status, ret = self.service.post(
            "returns", body, "announce return", expect=("not_returnable",)
        )
        if status != 201:
            return False
        draw = self.chance.randrange(100)
        disposition = next(word for limit, word in DISPOSITIONS if draw < limit)
        lines = [{"sku": sku, "quantity": units, "disposition": disposition}]
        status, _ = self.service.post(
            f"returns/{ret['id']}/receipts",
            {"location": place, "lines": lines},
            "receive return",
            expect=("not_returnable",),
        )
        if status != 201:
            return False
        self._book(sku, place, units, disposition)
        self.expected.doings["returns " + ("with the order" if order else "without receipt")] += 1
        if disposition == "inspect":
            self._dispose(ret["id"], sku, place, units)
        return True

    def _book(self, sku: str, place: str, units: int, disposition: str) -> None:
        self.expected.move(
            "returned", sku, place, units, apart=units if disposition in KEPT_APART else 0
        )
        if disposition in ("scrap", "to_vendor"):
            self.expected.move(disposition, sku, place, -units)

    def _dispose(self, identity: str, sku: str, place: str, units: int) -> None:
        """Look at inspected goods: half of the cases are decided on the spot."""
        disposition = self.chance.choice(("restock", "damaged", None, None))
        if disposition is None:
            return
        line = {"sku": sku, "quantity": units, "location": place, "disposition": disposition}
        status, _ = self.service.post(
            f"returns/{identity}/dispositions", {"lines": [line]}, "decide on return"
        )
        if status == 201 and disposition == "restock":
            self.expected.move("returned", sku, place, 0, apart=-units)

    def correct(self, invoice: Invoice) -> None:
        """Record units found, broken or lost, at the location that has most of them."""
        for line in invoice.lines:
            rows = list(self.service.pages("stock", "read stock", sku=line.sku))
            row = max(rows, key=lambda row: row["available"], default=None)
            if invoice.direction > 0:
                self._adjust(
                    line.sku, row["location"] if row else PLACES[0], line.quantity, "found"
                )
            elif row and row["available"] > 0:
                # Never more than is there: the file also takes away what the year before left.
                units = min(line.quantity, row["available"])
                broken = "damag" in invoice.note.lower()
                self._adjust(line.sku, row["location"], -units, "damaged" if broken else "lost")

    def _adjust(self, sku: str, place: str, units: int, reason: str) -> None:
        apart = -units if reason == "damaged" else 0
        delta = {"unavailable_delta": apart} if apart else {"on_hand_delta": units}
        status, _ = self.service.post(
            "stock/adjustments",
            {"reason": reason, "lines": [{"sku": sku, "location": place, **delta}]},
            "adjust stock",
            expect=("balance_out_of_range",),
        )
        if status in (200, 201):
            self.expected.move(reason, sku, place, 0 if apart else units, apart=apart)
