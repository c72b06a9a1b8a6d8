"""Buildings that cannot supply what they were asked for."""

from __future__ import annotations

from torture.clients.base import Kind
from torture.world import PLACES

REASONS = ("not_found", "damaged", "no_capacity", "other")


class Rejecting(Kind):
    def turn(self) -> None:
        fulfilment = self.find(
            "fulfilments", location=self.some(PLACES), state=self.some(("open", "picking"))
        )
        if fulfilment is None:
            return
        reason = self.some(REASONS)
        lines = [
            {"line_id": line["line_id"], "quantity": self.units(line["quantity"]), "reason": reason}
            for line in fulfilment["lines"]
            if line["quantity"]
        ]
        if not lines:
            return
        act = self.client.act(
            f"reject {reason}", f"fulfilments/{fulfilment['id']}/reject", {"lines": lines}
        )
        if act.is_done and reason in ("not_found", "damaged"):
            building = fulfilment["source"] or fulfilment["location"]
            skus = {line["line_id"]: line["sku"] for line in fulfilment["lines"]}
            with self.books.lock:
                for line in lines:
                    self.books.apart[skus[line["line_id"]], building] += line["quantity"]
