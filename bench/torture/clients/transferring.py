"""Transfers between buildings, received in parts, with losses, surplus and damage."""

from __future__ import annotations

from typing import Any

from torture.clients.base import Kind
from torture.world import COUNTED, PLACES, SOLD


class Transferring(Kind):
    def turn(self) -> None:
        draw = self.client.chance.randrange(100)
        if draw < 35:
            self._send()
        elif draw < 45:
            self._dispatch(self.find("transfers", state="draft"))
        else:
            self._receive()

    def _send(self) -> None:
        source, target = self.client.chance.sample(PLACES, 2)
        lines = [
            {"sku": sku, "quantity": self.units(6)}
            for sku in self.client.chance.sample((*SOLD, *COUNTED), 2)
        ]
        body = {"from": source, "to": target, "lines": lines}
        act = self.client.act("draft a transfer", "transfers", body)
        if act.is_done and self.lucky(80):
            self._dispatch(act.answer)

    def _dispatch(self, transfer: dict[str, Any] | None) -> None:
        if transfer is None or transfer["reference"]:
            return  # a customer's goods leave with their fulfilment
        if self.lucky(8):
            self.client.act("cancel a transfer", f"transfers/{transfer['id']}/cancel")
            return
        act = self.client.act("dispatch", f"transfers/{transfer['id']}/dispatch")
        if act.is_done:
            reference = f"transfers/{transfer['id']}"
            for line in act.answer["lines"]:
                self.books.move(reference, line["sku"], act.answer["from"], -line["quantity"])
            self.books.announce("transfer.dispatched", reference)

    def _receive(self) -> None:
        transfer = self.find("transfers", state="in_transit")
        if transfer is None:
            return
        lines: list[dict[str, Any]] = []
        for line in transfer["lines"]:
            coming = line["quantity"] - line["received"] - line["lost"]
            if coming > 0:
                units = coming if self.lucky(70) else self.units(coming)
                damaged = 1 if self.lucky(8) else 0
                lines.append({"sku": line["sku"], "quantity": units, "damaged": damaged})
        if not lines:
            return
        body = {"lines": lines, "close": self.lucky(15)}
        reference = f"transfers/{transfer['id']}"
        act = self.client.act("receive a transfer", f"{reference}/receive", body)
        if act.is_done:
            for line in lines:
                self.books.move(
                    reference, line["sku"], transfer["to"], line["quantity"], apart=line["damaged"]
                )
            self.books.announce("transfer.received", reference)
