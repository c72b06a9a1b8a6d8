"""Removing a person from stored documents. Pure, over JSON values.

Data for tax law and the ledger stay: order numbers, units, prices, the country of delivery.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from typing import Any

from core.people.register import ERASED
from core.people.words import pattern_of
from orders.choices import RejectReason, ReturningReason
from orders.personal_fields import ADDRESS, NAME, PERSON, PLACES, REASON, TRACES, WORDS

# Reasons that the service gives itself. Others may be what a person wrote.
OWN_REASONS = frozenset({*RejectReason.values, *ReturningReason.values, "returned", "cancelled"})


def without_address(ship_to: dict[str, Any] | None) -> dict[str, Any] | None:
    """Keep the country of an address, for the tax, and nothing else."""
    if ship_to is None:
        return None
    return {"country": ship_to["country"]} if ship_to.get("country") else {}


class Eraser:
    """Removes what identifies the person of these documents; others are left alone.

    `names` are order numbers and ids of carts: the values by which documents say that they are the
    person's. `rename` gives the name that is left of an order's external id.
    """

    def __init__(
        self,
        *,
        names: Collection[str],
        words: Sequence[str] = (),
        rename: Callable[[str], str] = lambda _: "",
    ) -> None:
        self.names = frozenset(names)
        pattern = pattern_of(words)
        self._words = re.compile(pattern, re.IGNORECASE) if pattern else None
        self._rename = rename

    def clean(self, value: Any, *, mine: bool) -> Any:
        """Return the value without the person's data. `mine`: it belongs to one of the names."""
        if isinstance(value, dict):
            return self._clean_object(value, mine)
        if isinstance(value, list):
            return [self.clean(item, mine=mine) for item in value]
        if isinstance(value, str):
            return self.clean_text(value)
        return value

    def clean_text(self, text: str) -> str:
        return self._words.sub(ERASED, text) if self._words else text

    def _clean_object(self, value: dict[str, Any], mine: bool) -> dict[str, Any]:
        mine = self._is_mine(value, mine)
        return {
            name: self._clean_member(name, item) if mine else self.clean(item, mine=False)
            for name, item in value.items()
        }

    def _is_mine(self, value: dict[str, Any], mine: bool) -> bool:
        """Say whose an object is: that of the order or the cart that it names, else its outer's."""
        order = value.get("number", value.get("order"))
        result = order if isinstance(order, dict) else value.get("problem")
        if isinstance(result, dict):  # of a batch: the order, or a refusal that names it
            order = result.get("number", result.get("order"))
        if isinstance(order, str):
            return order in self.names
        return mine or value.get("id") in self.names

    def _clean_member(self, name: str, item: Any) -> Any:
        if name == ADDRESS:
            return without_address(item)
        if name == PERSON or name in PLACES:
            return None
        if name == NAME and isinstance(item, str):
            return self._rename(item)
        if (name in WORDS or name in TRACES) and isinstance(item, str):
            return ""
        if name == REASON and isinstance(item, str):
            return item if item in OWN_REASONS else ""
        return self.clean(item, mine=True)
