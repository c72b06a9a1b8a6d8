"""Arguments and results of sourcing: plain values without a database."""

from __future__ import annotations

from dataclasses import dataclass

SHIP = "ship"
PICKUP = "pickup"
SAME_DAY = "same_day"
CARRY_OUT = "carry_out"

# Types for which the customer names the location of the hand-over.
NAMED_TYPES = (CARRY_OUT, PICKUP)
TYPES = frozenset({SHIP, PICKUP, SAME_DAY, CARRY_OUT})


@dataclass(frozen=True, slots=True)
class Site:
    """A location as input of sourcing. A lower `priority` is preferred; coordinates in degrees."""

    code: str
    kind: str
    priority: int
    latitude: float | None
    longitude: float | None
    ships: bool
    pickup: bool
    same_day: bool


@dataclass(frozen=True, slots=True)
class Demand:
    """One order line. `location` is read for pickup and carry_out only, and needed there."""

    line_id: str
    sku: str
    quantity: int
    type: str
    location: str | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """What the customer accepts when one location cannot serve all lines."""

    allow_split: bool = True
    allow_backorder: bool = False
    allow_partial: bool = False


@dataclass(frozen=True, slots=True)
class Allocation:
    """`quantity` units of one line; at most one per (line, location, source).

    `source` is the location that sends a pickup's goods to `location`; None: they are there.
    """

    line_id: str
    sku: str
    location: str
    quantity: int
    type: str
    source: str | None = None

    @property
    def building(self) -> str:
        """Where the units are now."""
        return self.source or self.location


@dataclass(frozen=True, slots=True)
class Shortage:
    """A SKU that falls short: the units that the order needs, and those available."""

    sku: str
    requested: int
    available: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The result of sourcing. With `shortages` the order is refused and nothing else is set.

    `backordered` and `unmet` map line ids to units; `receipt` is JSON-able,
    shown by `read_receipt`.
    """

    allocations: tuple[Allocation, ...]
    backordered: dict[str, int]
    unmet: dict[str, int]
    shortages: tuple[Shortage, ...]
    receipt: dict[str, object]

    @property
    def refused(self) -> bool:
        return bool(self.shortages)
