"""Goods that come back, with the order or without, and what becomes of them."""

from __future__ import annotations

from typing import Any

from torture.clients.base import Kind
from torture.world import PLACES, SOLD

DISPOSITIONS = ("restock", "restock", "inspect", "damaged", "scrap", "to_vendor", "missing")
APART = ("inspect", "damaged")
GONE = ("scrap", "to_vendor")
DECISIONS = ("restock", "damaged", "scrap")


class Returning(Kind):
    def turn(self) -> None:
        draw = self.client.chance.randrange(100)
        if draw < 25 and self.world.returns:
            self._receive(self.world.returns.popleft())
        else:
            self._announce(blind=draw > 85)

    def _announce(self, *, blind: bool) -> None:
        body: dict[str, Any] = {
            "channel": "web",
            "resolution": "refund",
            "drop_off": {"type": "store", "location": "S2"},
        }
        if blind:
            names = {"sku": self.some(SOLD)}
        else:
            gone = self.some(self.world.left)
            if gone is None:
                return
            body["order"] = gone["number"]
            names = {"line_id": self.some(gone["lines"])["line_id"]}
        body["lines"] = [names | {"quantity": 1, "reason": "too small"}]
        act = self.client.act("announce a return", "returns", body)
        if act.is_done:
            self.books.announce("return.requested", f"returns/{act.answer['id']}")
            self.world.returns.append(act.answer)
            if self.lucky(60):
                self._receive(act.answer)

    def _receive(self, ret: dict[str, Any]) -> None:
        line, place = ret["lines"][0], self.some(PLACES)
        word = self.some(DISPOSITIONS)
        names = {"line_id": line["line_id"]} if line["line_id"] else {"sku": line["sku"]}
        body = {
            "location": place,
            "lines": [names | {"quantity": line["quantity"], "disposition": word}],
        }
        act = self.client.act(f"return: {word}", f"returns/{ret['id']}/receipts", body)
        if not act.is_done:
            return
        self.books.announce("return.received", f"returns/{ret['id']}")
        if word == "missing":
            return
        reference, units = f"return/{ret['id']}", line["quantity"]
        stays = 0 if word in GONE else units
        self.books.move(reference, line["sku"], place, stays, apart=units if word in APART else 0)
        if ret["order"]:
            with self.books.lock:
                self.books.returned[ret["order"], line["line_id"]] += units
        if word == "inspect" and self.lucky(70):
            self._decide(ret, names, line["sku"], place, units)

    def _decide(
        self, ret: dict[str, Any], names: dict[str, str], sku: str, place: str, units: int
    ) -> None:
        word = self.some(DECISIONS)
        line = names | {"quantity": units, "location": place, "disposition": word}
        act = self.client.act(
            "decide on a return", f"returns/{ret['id']}/dispositions", {"lines": [line]}
        )
        if act.is_done and word != "damaged":
            gone = units if word == "scrap" else 0
            self.books.move(f"return/{ret['id']}", sku, place, -gone, apart=-units)
