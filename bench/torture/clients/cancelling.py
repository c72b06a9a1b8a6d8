"""Customers who change their mind, about a part or about all of it."""

from __future__ import annotations

from typing import Any

from torture.clients.base import Kind


class Cancelling(Kind):
    def turn(self) -> None:
        order = self.some(self.world.orders)
        if order is None:
            return
        body: dict[str, Any] = {"reason": "changed my mind"}
        if self.lucky(50):
            line = self.some(order["lines"])
            body["lines"] = [{"line_id": line["line_id"], "quantity": 1}]
        act = self.client.act("cancel", f"orders/{order['number']}/cancellations", body)
        if not act.is_done:
            return
        known = self.books.orders[order["number"]]
        with self.books.lock:
            for line in act.answer["lines"]:
                known.cancelled[line["line_id"]] = max(
                    known.cancelled[line["line_id"]], line["cancelled"]
                )
        for line in body.get("lines", ()):
            told = next(row for row in act.answer["lines"] if row["line_id"] == line["line_id"])
            self.books.check(
                "lines_add_up", told["cancelled"] >= line["quantity"], f"{order['number']} {told}"
            )
