"""One round of a race: a SKU of its own, and calls that begin at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from preparation import barcode_of

from torture.client import Act, Client
from torture.clients.ordering import book, order_body
from torture.storm import Storm
from torture.world import receive

Call = Callable[[Client], Any]


class Round:
    def __init__(self, storm: Storm, name: str) -> None:
        self._storm = storm
        self.name, self.books = name, storm.books
        self.first = storm.clients[0]
        self.pass_key = storm.world.pass_key
        self.sku = f"RACE-{name}".upper().replace("_", "-")
        body = {"name": self.sku, "barcodes": [barcode_of(self.sku)]}
        self.first.put_until_answered("race", f"skus/{self.sku}", body)

    def at_once(self, *calls: Call) -> list[Any]:
        """Let each call begin when all are ready, each by a client of its own."""
        barrier = threading.Barrier(len(calls))

        def run(client: Client, call: Call) -> Any:
            barrier.wait(timeout=60)
            return call(client)

        with ThreadPoolExecutor(len(calls)) as pool:
            return list(pool.map(run, self._storm.clients[: len(calls)], calls))

    def goods(self, units: int, place: str = "S1") -> None:
        lines = [{"sku": self.sku, "quantity": units}]
        receive(self.first, self.books, place, f"race-{self.name}", lines)

    def body(self, units: int = 1, **more: Any) -> dict[str, Any]:
        """Return an order of the round's SKU, to be sent as a parcel unless `more` says else."""
        customer = self._storm.world.new_customer()
        how = more.pop("how", {"type": "ship"})
        body = order_body(self.first, "web", [(self.sku, units)], customer)
        body["lines"][0]["fulfilment"] = how
        return body | more

    def place(self, body: dict[str, Any], key: str = "") -> Call:
        """Return a call that places an order and books what became of it."""

        def call(client: Client) -> Act:
            act = client.act("race: order", "orders", body, key=key)
            book(self.books, body, act.status, act.answer, act.answer)
            return act

        return call

    def act(self, path: str, body: Any = None, key: str = "") -> Call:
        return lambda client: client.act("race", path, body, key=key)

    def order(self, units: int = 1, **more: Any) -> dict[str, Any]:
        """Place an order that must be accepted; return it."""
        act: Act = self.place(self.body(units, **more))(self.first)
        if not act.is_done:
            raise SystemExit(f"{self.name}: an order was refused: {act.answer}")
        answer: dict[str, Any] = act.answer
        return answer

    def do(self, path: str, body: Any = None) -> Any:
        return self.first.act("race", path, body).answer

    def stock(self, place: str) -> dict[str, Any]:
        page = self.first.look("stock", sku=self.sku, location=place)
        row: dict[str, Any] = page["results"][0]
        return row


Race = Callable[[Round], str]  # returns what was wrong, empty for nothing


def done(acts: list[Act]) -> int:
    return sum(act.is_done for act in acts)


def told(acts: list[Act]) -> str:
    return ", ".join(f"{act.status} {act.code}".strip() for act in acts)
