"""Tills: what was carried out of the shop, in few lines of many SKUs of the stock files.

A sale is recorded whatever the record said, so it may break promises: of no SKU of `SOLD`.
"""

from __future__ import annotations

from typing import Any

from torture.clients.base import Kind
from torture.clients.ordering import book, order_body
from torture.world import COUNTED, FILED, FILED_AT, SHOPS


class Tills(Kind):
    def turn(self) -> None:
        chance = self.client.chance
        if self.lucky(70):
            shop = FILED_AT
            wanted = [(sku, 1) for sku in chance.sample(FILED, self.units(12))]
        else:
            shop = chance.choice(SHOPS)
            wanted = [(sku, self.units(2)) for sku in chance.sample(COUNTED, 2)]
        body: dict[str, Any] = order_body(
            self.client, "till", wanted, self.some(self.world.customers)
        )
        for line in body["lines"]:
            line["fulfilment"] = {"type": "carry_out", "location": shop}
        del body["customer"], body["ship_to"], body["note"]
        body["allow_partial"] = self.lucky(50)
        act = self.client.act("sell at a till", "orders", body)
        if act.status:
            book(self.books, body, act.status, act.answer, act.answer)
        if act.status == 201:
            self.world.left.append(act.answer)
