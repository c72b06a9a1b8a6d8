"""What the service must have in the end: the sum of what its answers said."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

Pair = tuple[str, str]  # SKU, location


@dataclass
class ExpectedState:
    """Units by SKU and location, and the orders that were accepted.

    `causes` sums the same units of on_hand by why they moved.
    """

    on_hand: Counter[Pair] = field(default_factory=Counter)
    unavailable: Counter[Pair] = field(default_factory=Counter)
    causes: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)  # by SKU: units that customers have got
    accepted: dict[tuple[str, str], str] = field(default_factory=dict)  # -> order number
    refused: set[tuple[str, str]] = field(default_factory=set)
    doings: Counter[str] = field(default_factory=Counter)

    def add(self, other: ExpectedState) -> None:
        for mine, theirs in (
            (self.on_hand, other.on_hand),
            (self.unavailable, other.unavailable),
            (self.causes, other.causes),
            (self.left, other.left),
            (self.doings, other.doings),
        ):
            mine.update(theirs)
        self.accepted |= other.accepted
        self.refused |= other.refused

    def move(self, cause: str, sku: str, place: str, units: int, *, apart: int = 0) -> None:
        """Book units of on_hand, and those of them that became unavailable."""
        self.on_hand[sku, place] += units
        self.unavailable[sku, place] += apart
        self.causes[cause] += units

    def accept(self, order: dict[str, Any]) -> None:
        """Book a placed order; what was carried out has left at once."""
        self.accepted[order["channel"], order["external_id"]] = order["number"]
        for fulfilment in order["fulfilments"]:
            if fulfilment["type"] == "carry_out":
                self.leave("carried out", fulfilment)

    def leave(self, cause: str, fulfilment: dict[str, Any]) -> None:
        """Book the units of a fulfilment that has just left whole."""
        for line in fulfilment["lines"]:
            self.move(cause, line["sku"], fulfilment["location"], -line["fulfilled"])
            self.left[line["sku"]] += line["fulfilled"]
