"""How far apart the bins of a building are. Pure.

A building is rows of shelves with straight aisles between them. All aisles are of one length, and
cross aisles join their ends; a building of two blocks has one more cross aisle through the middle.
People may turn round in an aisle and reach both of its sides.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple


class Spot(NamedTuple):
    """Where a bin is: its aisle, and how far in from the front cross aisle."""

    aisle: int
    metres: float


@dataclass(frozen=True)
class Layout:
    """The aisles of one building; lengths in metres.

    Walks begin and end where `start_aisle` meets the front cross aisle.
    """

    aisle_length: float
    aisle_gap: float  # between the middles of two neighbouring aisles
    middle: float | None = None  # of the cross aisle between two blocks, from the front one
    start_aisle: int = 0

    @cached_property
    def crossings(self) -> tuple[float, ...]:
        """The cross aisles, each by its distance from the front one, which is the first."""
        if self.middle is None:
            return (0.0, self.aisle_length)
        return (0.0, self.middle, self.aisle_length)

    @property
    def start(self) -> Spot:
        return Spot(self.start_aisle, 0.0)

    def distance(self, a: Spot, b: Spot) -> float:
        """Return the metres from one spot to another by the shortest way."""
        if a.aisle == b.aisle:
            return abs(a.metres - b.metres)
        along = min(abs(a.metres - each) + abs(each - b.metres) for each in self.crossings)
        return along + abs(a.aisle - b.aisle) * self.aisle_gap
