"""Packing, shipping, bays, the counter: whatever a fulfilment is ready for."""

from __future__ import annotations

from typing import Any

from torture.clients.base import Kind
from torture.world import PLACES, SHOPS

NEXT = {
    "open": ("pick",),
    "picking": ("pick", "pack", "ready", "pack", "ready"),
    "packed": ("ship",),
    "ready": ("collect", "collect", "collect", "collect", "collect", "expire"),
    "shipped": ("deliver",),
}
STATES = ("open", "picking", "picking", "packed", "packed", "packed", "ready", "ready", "shipped")


class HandingOver(Kind):
    def turn(self) -> None:
        state = self.some(STATES)
        place = self.some(SHOPS if state == "ready" else PLACES)
        fulfilment = self.find("fulfilments", location=place, state=state)
        if fulfilment is None:
            return
        steps = [step for step in NEXT[state] if step in fulfilment["allowed_actions"]]
        if steps:
            getattr(self, f"_{self.some(steps)}")(fulfilment)

    def _step(self, fulfilment: dict[str, Any], step: str, body: Any = None) -> Any:
        """Take a step; return the fulfilment after it, None for a refusal."""
        act = self.client.act(step, f"fulfilments/{fulfilment['id']}/{step}", body)
        return act.answer if act.is_done else None

    def _pick(self, fulfilment: dict[str, Any]) -> None:
        lines = [
            {"line_id": line["line_id"], "quantity": line["quantity"] - line["picked"]}
            for line in fulfilment["lines"]
            if line["quantity"] > line["picked"]
        ]
        if lines:
            self._step(fulfilment, "pick", {"lines": lines})

    def _pack(self, fulfilment: dict[str, Any]) -> None:
        self._step(fulfilment, "pack")

    def _ready(self, fulfilment: dict[str, Any]) -> None:
        self._step(fulfilment, "ready", {"bay": "B1"})

    def _ship(self, fulfilment: dict[str, Any]) -> None:
        body = {"carrier": "Post", "tracking_number": f"T-{fulfilment['id']}"}
        shipped = self._step(fulfilment, "ship", body)
        if shipped is None:
            return
        if shipped["source"]:
            reference = f"transfers/{shipped['transfer']}"
            for line in shipped["lines"]:
                self.books.move(reference, line["sku"], shipped["source"], -line["quantity"])
            self.books.announce("transfer.dispatched", reference)
        else:
            self.books.leave(shipped)
            self.books.announce("fulfilment.shipped", f"fulfilments/{shipped['id']}")
            self.world.left.append({"number": shipped["order"], "lines": shipped["lines"]})

    def _deliver(self, fulfilment: dict[str, Any]) -> None:
        if self._step(fulfilment, "deliver"):
            self.books.announce("fulfilment.delivered", f"fulfilments/{fulfilment['id']}")

    def _expire(self, fulfilment: dict[str, Any]) -> None:
        self._step(fulfilment, "expire")

    def _collect(self, fulfilment: dict[str, Any]) -> None:
        code = fulfilment["id"]
        if self.lucky(15):
            act = self.client.act("collect", f"fulfilments/{code}/collect", {"code": "000000"})
            self.books.check("codes_are_checked", not act.is_done, f"{code}: any code will do")
            if act.is_done:
                return
        shown = self.client.look(f"fulfilments/{code}/pickup-pass", key=self.world.pass_key)
        if shown is None:
            return
        body: dict[str, Any] = {"code": shown["code"]}
        waiting = [line for line in fulfilment["lines"] if line["quantity"] > line["fulfilled"]]
        if waiting and self.lucky(30):
            body["lines"] = [{"line_id": self.some(waiting)["line_id"], "quantity": 1}]
        collected = self._step(fulfilment, "collect", body)
        if collected is not None:
            self.books.leave(collected)
            self.books.announce("fulfilment.collected", f"fulfilments/{code}")
            self.world.left.append({"number": collected["order"], "lines": collected["lines"]})
