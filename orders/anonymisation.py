"""Removing a person from stored documents. Pure, over JSON values.

Data for tax law and the ledger stay: order numbers, units, prices, the country of delivery.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any

from orders.personal_fields import ADDRESS, PERSON, PLACES, WORDS

ERASED = "[erased]"


def without_address(ship_to: dict[str, Any] | None) -> dict[str, Any] | None:
    """Keep the country of an address, for the tax, and nothing else."""
    if ship_to is None:
        return None
    return {"country": ship_to["country"]} if ship_to.get("country") else {}


def is_identifying(text: str) -> bool:
    """Say whether a text identifies a person by itself: an e-mail, a full name, a number.

    A short single word does not: a customer called "web" must not erase the channel of that name.
    """
    return "@" in text or " " in text.strip() or (len(text) > 6 and bool(re.search(r"\d", text)))


class Eraser:
    """Removes what identifies the customer of these orders; other customers are left alone."""

    def __init__(self, *, orders: Collection[str], words: Sequence[str]) -> None:
        self.orders = frozenset(orders)
        identifying = sorted({word.strip() for word in words if is_identifying(word)}, key=len)
        pattern = "|".join(re.escape(word) for word in reversed(identifying))
        self._words = re.compile(pattern, re.IGNORECASE) if pattern else None

    def clean(self, value: Any, *, mine: bool) -> Any:
        """Return the value without the person's data. `mine`: it belongs to one of the orders."""
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
        number = value.get("number", value.get("order"))
        if isinstance(number, str):
            mine = number in self.orders
        cleaned: dict[str, Any] = {}
        for name, item in value.items():
            if mine and name == ADDRESS:
                cleaned[name] = without_address(item)
            elif mine and name in WORDS:
                cleaned[name] = ""
            elif mine and (name == PERSON or name in PLACES):
                cleaned[name] = None
            else:
                cleaned[name] = self.clean(item, mine=mine)
        return cleaned
