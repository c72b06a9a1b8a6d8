"""Goods in: announced by a supplier, or not."""

from __future__ import annotations

from typing import Any

from torture.clients.base import Kind
from torture.world import COUNTED, FILED, FILED_AT, KEPT, PLACES, SCARCE, SOLD, receive


class Receiving(Kind):
    def turn(self) -> None:
        draw = self.client.chance.randrange(100)
        if draw < 15:
            lines = [{"sku": sku, "quantity": 1} for sku in (*SCARCE, KEPT)]
            receive(self.client, self.books, self.some(PLACES), self._reference(), lines)
        elif draw < 45:
            skus = self.client.chance.sample(FILED, 30)
            lines = [{"sku": sku, "quantity": 3} for sku in skus]
            receive(self.client, self.books, FILED_AT, self._reference(), lines)
        elif draw < 55:
            lines = [{"sku": self.some(SOLD), "quantity": 3}, {"sku": "NO-SUCH", "quantity": 1}]
            receive(self.client, self.books, self.some(PLACES), self._reference(), lines)
        else:
            self._expect()

    def _reference(self) -> str:
        return f"van-{self.client.fresh()[:12]}"

    def _expect(self) -> None:
        place, reference = self.some(PLACES), f"asn-{self.client.fresh()[:12]}"
        skus = self.client.chance.sample((*SOLD, *COUNTED), 3)
        lines = [{"sku": sku, "quantity": self.units(12)} for sku in skus]
        body = {"location": place, "reference": reference, "lines": lines}
        act = self.client.act("expect a delivery", "deliveries", body)
        if not act.is_done:
            return
        self.books.announce("delivery.expected", f"deliveries/{act.answer['id']}")
        for part in (lines[:2], lines[2:]):
            self._take_in(act.answer["id"], place, reference, part)

    def _take_in(
        self, identity: str, place: str, reference: str, lines: list[dict[str, Any]]
    ) -> None:
        sent = [line | {"damaged": 1 if self.lucky(10) else 0} for line in lines]
        act = self.client.act(
            "receive a delivery", f"deliveries/{identity}/receipts", {"lines": sent}
        )
        if act.is_done:
            for line in sent:
                self.books.move(
                    reference, line["sku"], place, line["quantity"], apart=line["damaged"]
                )
            self.books.announce("delivery.received", f"deliveries/{identity}")
