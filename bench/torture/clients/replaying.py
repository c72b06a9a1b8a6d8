"""Late repeats: the same request under the same key, long after it was answered."""

from __future__ import annotations

import json
from typing import Any

from torture.client import Act
from torture.clients.base import Kind

STORED = (200, 201, 409, 422)  # answers that a key keeps
# What leads to a person, and nothing by which goods or money are moved.
CLEARED = frozenset(
    {"bay", "external_id", "payment_reference", "reason", "reference", "tracking_number"}
)
ERASED = "erased:"  # what an order's external id begins with afterwards
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
            same or self._is_erased(act) or self._may_be_cleared(act, again),
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

    def _may_be_cleared(self, act: Act, again: Act) -> bool:
        """What leads to a customer who was erased goes too, where no name stands beside it."""
        is_alike = again.status == act.status and _is_cleared(act.answer, again.answer)
        return bool(self.books.being_erased) and is_alike

    def _is_erased(self, act: Act) -> bool:
        """The stored answer of a customer who was erased meanwhile has lost the name."""
        text = json.dumps(act.answer)
        return any(word in text for word in list(self.books.being_erased))


def _is_cleared(before: Any, after: Any) -> bool:
    """Say whether an answer differs from an earlier one by nothing but what an erasure clears."""
    if isinstance(before, dict) and isinstance(after, dict):
        return before.keys() == after.keys() and all(
            item == after[name]
            or (name in CLEARED and (not after[name] or str(after[name]).startswith(ERASED)))
            or _is_cleared(item, after[name])
            for name, item in before.items()
        )
    if isinstance(before, list) and isinstance(after, list):
        return len(before) == len(after) and all(map(_is_cleared, before, after))
    return bool(before == after)
