"""Late repeats: the same request under the same key, long after it was answered."""

from __future__ import annotations

import json

from torture.client import Act
from torture.clients.base import Kind

STORED = (200, 201, 409, 422)  # answers that a key keeps
LEFT_OUT = ("stock file", "ask availability", "repeat")


class Replaying(Kind):
    def turn(self) -> None:
        act = self._choose()
        if act is None:
            return
        again = self.client.act("repeat", act.path, act.body, key=act.key)
        if not again.status:
            return
        same = (again.status, again.answer) == (act.status, act.answer)
        self.books.check(
            "a_repeat_is_the_same_answer",
            same or self._is_erased(act) or _lost_its_reference(act, again),
            f"{act.kind} {act.path} {act.key}: {act.status} {json.dumps(act.answer)[:200]} then "
            f"{again.status} {json.dumps(again.answer)[:200]}",
        )

    def _choose(self) -> Act | None:
        mine = self.client.done
        for _ in range(20):
            if not mine:
                return None
            act: Act = mine[self.client.chance.randrange(len(mine))]
            if act.status in STORED and act.kind not in LEFT_OUT and act.key:
                return act
        return None

    def _is_erased(self, act: Act) -> bool:
        """The stored answer of a customer who was erased meanwhile has lost the name."""
        text = json.dumps(act.answer)
        return any(word in text for word in list(self.books.being_erased))


def _lost_its_reference(act: Act, again: Act) -> bool:
    """Say whether a cart's answer has lost the shop's name of it, and nothing else: its order's
    customer was erased meanwhile."""
    if not isinstance(act.answer, dict) or not isinstance(again.answer, dict):
        return False
    is_gone = act.kind == "hold" and again.answer.get("reference") == ""
    return is_gone and again.answer | {"reference": act.answer.get("reference")} == act.answer
