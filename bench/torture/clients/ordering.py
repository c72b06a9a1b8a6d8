"""Orders from the web and the marketplace: singly, in batches, twice, with every flag."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torture.books import Books, is_erased
from torture.client import Act, Client
from torture.clients.base import Kind
from torture.world import CHANNELS, COUNTED, KEPT, SCARCE, SHOPS, SOLD, Customer

PRICE = "9.50"


class Ordering(Kind):
    def turn(self) -> None:
        draw = self.client.chance.randrange(100)
        if draw < 10:
            self._place_batch()
        else:
            self._place_one(twice=draw > 92)

    def _body(self) -> dict[str, Any]:
        chance = self.client.chance
        is_scarce = self.lucky(20)
        if is_scarce:
            wanted = [(chance.choice((*SCARCE, KEPT, KEPT)), 1)]
        else:
            skus = chance.sample((*SOLD, *COUNTED), chance.choice((1, 1, 1, 2, 2, 3, 5)))
            wanted = [(sku, self.units(4)) for sku in skus]
        channel = chance.choice(("web", "web", "market"))
        body = order_body(self.client, channel, wanted, self.some(self.world.customers))
        if channel == "web" and self.lucky(30):
            shop = chance.choice(SHOPS)
            for line in body["lines"]:
                line["fulfilment"] = {"type": "pickup", "location": shop}
        body["allow_split"] = self.lucky(80)
        body["allow_backorder"] = self.lucky(60 if is_scarce else 30)
        body["allow_partial"] = not body["allow_backorder"] and self.lucky(20)
        return body

    def _place_one(self, *, twice: bool) -> None:
        body = self._body()
        act = place(self.client, self.books, body, "order")
        if not act.is_done:
            return
        self.world.orders.append(act.answer)
        if twice:  # as a shop does that has lost the answer and its key
            again = self.client.act("order again", "orders", body)
            same = again.status == 200 and again.answer["number"] == act.answer["number"]
            self.books.check(
                "the_same_order_is_known", same, f"{act.answer['number']}: {again.status}"
            )
        if self.lucky(15):
            number = act.answer["number"]
            seen = self.client.look(f"orders/{number}")
            if self.client.seen in (200, 404):
                right = seen is not None and seen["number"] == number
                self.books.check("what_was_written_is_read", right, number)

    def _place_batch(self) -> None:
        bodies = [self._body() for _ in range(self.units(8))]
        act = self.client.act("batch of orders", "orders/batch", {"orders": bodies})
        if act.status != 200:
            return
        results = act.answer["results"]
        same = len(results) == len(bodies) and all(
            each["external_id"] == body["external_id"] or is_erased(each["external_id"])
            for each, body in zip(results, bodies, strict=False)
        )
        self.books.check("lines_are_as_ordered", same, "a batch answers about other orders")
        for body, result in zip(bodies, results, strict=False):
            book(self.books, body, result["status"], result.get("order"), result.get("problem"))
            if result["status"] == 201:
                self.world.orders.append(result["order"])


def order_body(
    client: Client, channel: str, wanted: Sequence[tuple[str, int]], customer: Customer
) -> dict[str, Any]:
    return {
        "channel": channel,
        "external_id": f"x-{client.fresh()[:16]}",
        "currency": "GBP",
        "customer": customer.body(),
        "ship_to": customer.address(),
        "note": f"for {customer.body()['name']}",
        "lines": [
            {"line_id": str(n), "sku": sku, "quantity": units, "unit_price": PRICE,
             "fulfilment": {"type": "ship"}}
            for n, (sku, units) in enumerate(wanted, start=1)
        ],
    }  # fmt: skip


def place(client: Client, books: Books, body: dict[str, Any], kind: str) -> Act:
    act = client.act(kind, "orders", body)
    if act.status:
        book(books, body, act.status, act.answer, act.answer)
    return act


def book(books: Books, body: dict[str, Any], status: int, order: Any, problem: Any) -> None:
    """Book what became of an order, and compare the answer with what was asked."""
    if status not in (200, 201):
        books.refuse(body, (problem or {}).get("code", str(status)))
        return
    books.accept(body, order)
    asked = [(line["line_id"], line["sku"], line["quantity"]) for line in body["lines"]]
    told = [(line["line_id"], line["sku"], line["ordered"]) for line in order["lines"]]
    number = order["number"]
    books.check("lines_are_as_ordered", asked == told, f"{number}: {asked} {told}")
    if status == 201:
        check_policy(books, body, order)


def check_policy(books: Books, body: dict[str, Any], order: dict[str, Any]) -> None:
    """An order gets what its flags and its channel allow, and nothing else."""
    number = order["number"]
    waits = sum(line["backordered"] for line in order["lines"])
    given_up = sum(line["cancelled"] for line in order["lines"])
    from_where = {each["source"] or each["location"] for each in order["fulfilments"]}
    law = "flags_bind"
    books.check(law, not waits or body.get("allow_backorder", False), f"{number} waits")
    books.check(law, not given_up or body.get("allow_partial", False), f"{number} is a part")
    books.check(
        law, len(from_where) < 2 or body.get("allow_split", True), f"{number} from {from_where}"
    )
    books.check(
        "channels_sell_from_their_buildings",
        from_where <= set(CHANNELS[body["channel"]]),
        f"{number} of {body['channel']} from {from_where}",
    )
