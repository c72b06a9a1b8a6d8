"""Customers who have their data erased, while orders of theirs may still be on their way."""

from __future__ import annotations

from torture.books import Erasure
from torture.clients.base import Kind
from torture.clients.ordering import order_body, place
from torture.world import SOLD


class Erasing(Kind):
    def turn(self) -> None:
        customer = self.some(self.world.customers)
        body = order_body(self.client, "web", [(self.some(SOLD), 1)], customer)
        order = place(self.client, self.books, body, "order")
        if not order.is_done:
            return
        identity = order.answer["customer_id"]
        self.world.replace(customer)
        self.books.being_erased.add(customer.word)
        act = self.client.act("erase a customer", f"customers/{identity}/erase")
        if act.is_done:
            self.books.erasures.append(
                Erasure(identity, customer.word, tuple(act.answer["orders"]))
            )
            self.books.announce("customer.erased", f"customers/{identity}")
            export = self.client.look(f"customers/{identity}/export")
            if export is not None:
                self.books.check(
                    "erased_is_gone",
                    customer.word not in str(export["customer"]),
                    f"customers/{identity}/export names {customer.word}",
                )
