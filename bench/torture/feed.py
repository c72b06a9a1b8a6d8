"""A subscriber of the feed, who reads on from the last number and keeps what was heard."""

from __future__ import annotations

from collections import Counter
from typing import Any

from torture.books import Books
from torture.client import Client

PAGE = 200
EXACT = ("fulfilment.shipped", "fulfilment.collected", "fulfilment.delivered", "order.placed",
              "reservation.held", "transfer.dispatched", "transfer.received", "delivery.expected",
              "delivery.received", "return.requested", "return.received",
              "customer.erased")  # fmt: skip


class Subscriber:
    def __init__(self, client: Client, books: Books) -> None:
        self._client, self._books = client, books
        self.last = 0
        self.heard: Counter[tuple[str, str]] = Counter()
        self._ids: set[str] = set()
        self._versions: dict[str, int] = {}
        self.balances: dict[tuple[str, str], tuple[int, int, int]] = {}

    def read_on(self) -> int:
        """Read one page; return how many events it had, 0 also when there was no answer."""
        page = self._client.look("events", after=self.last, limit=PAGE)
        if not page:
            return 0
        for event in page["results"]:
            self._hear(event)
        return len(page["results"])

    def catch_up(self) -> None:
        while self.read_on():
            pass

    def _hear(self, event: dict[str, Any]) -> None:
        check = self._books.check
        sequence, subject = event["sequence"], event["subject"]
        check("feed_has_no_gaps", sequence == self.last + 1, f"{sequence} after {self.last}")
        self.last = sequence
        check("announced_once", event["id"] not in self._ids, f"event {event['id']} twice")
        self._ids.add(event["id"])
        self.heard[event["type"], subject] += 1
        if event["type"] == "stock.changed":
            self._hear_of_row(event["data"])
        elif event["type"] == "stock.imported":
            data = event["data"]
            columns = (data["sku"], data["on_hand"], data["reserved"], data["unavailable"],
                       data["safety_stock"], data["version"])  # fmt: skip
            for sku, on_hand, reserved, unavailable, _, version in zip(*columns, strict=True):
                self._hear_of_row({
                    "sku": sku, "location": data["location"], "on_hand": on_hand,
                    "reserved": reserved, "unavailable": unavailable, "version": version,
                })  # fmt: skip

    def _hear_of_row(self, data: dict[str, Any]) -> None:
        """The versions of a row are told one by one, in their order."""
        pair = data["sku"], data["location"]
        name = "@".join(pair)
        before = self._versions.get(name)
        in_order = before is None or data["version"] > before
        self._books.check("feed_is_in_order", in_order, f"{name}: {data['version']} after {before}")
        self._versions[name] = data["version"]
        self.balances[pair] = data["on_hand"], data["reserved"], data["unavailable"]
