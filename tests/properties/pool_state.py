"""What the model of the stock pool consists of, and the small world that it stands in."""

from __future__ import annotations

from dataclasses import dataclass, field

Pair = tuple[str, str]  # (SKU, location)
Owner = tuple[str, ...]  # ("cart", its id, SKU, location) or (fulfilment, line id)
LineKey = tuple[str, str]  # (order number, line id)

CONDITIONS = ("damaged", "inspection", "quarantine", "missing")
LEAST_SURE = ("missing", "inspection", "quarantine", "damaged")
SKUS = ("A1", "B1")
# W1 only ships, S1 does all, S2 has a counter and no carrier.
SHIPPING, COUNTERS, BUILDINGS = ("W1", "S1"), ("S1", "S2"), ("W1", "S1", "S2")
SELLS_FROM = {"web": BUILDINGS, "market": ("W1", "S1")}
PAIRS = [(sku, place) for sku in SKUS for place in BUILDINGS]


@dataclass
class Row:
    on_hand: int = 0
    kept: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CONDITIONS, 0))
    moves: list[tuple[float, int]] = field(default_factory=list)  # (when, on_hand)
    missed: list[tuple[float, int]] = field(default_factory=list)  # (when, missing)
    counted_at: float = -1e9

    @property
    def unavailable(self) -> int:
        return sum(self.kept.values())


@dataclass
class Reservation:
    pair: Pair
    units: int
    age: int = 0  # the newest has the highest
    overdue: bool = False
    in_hand: int = 0  # units that are off the shelf
    secured: bool = False  # these are in a closed box, or in a bay


@dataclass
class Cart:
    channel: str
    reservations: set[Owner]  # those that it was given, live or not
    units: dict[Owner, int] = field(default_factory=dict)  # of them, until they are ordered
    ended: str = ""  # released, ordered, or broken: no order can name it any more


@dataclass
class Line:
    """One order line: `sites` are the buildings that may serve it."""

    channel: str
    sku: str
    ordered: int
    sites: tuple[str, ...]
    splits: bool
    waits: bool  # what cannot be had is backordered
    cancelled: int = 0
    waiting: int = 0
    fulfilled: int = 0
    returned: int = 0


@dataclass
class Sent:
    """Units of one SKU on a transfer."""

    sent: int = 0
    arrived: int = 0
    lost: int = 0

    @property
    def coming(self) -> int:
        return self.sent - self.arrived - self.lost


@dataclass
class Transfer:
    source: str
    target: str
    lines: dict[str, Sent]
    state: str = "draft"


@dataclass
class Delivery:
    place: str
    reference: str
    expected: dict[str, int]
    arrived: dict[str, int] = field(default_factory=dict)
    state: str = "expected"

    def outstanding(self, sku: str) -> int:
        return max(0, self.expected.get(sku, 0) - self.arrived.get(sku, 0))


@dataclass
class Rule:
    channel: str | None
    quantity: int
    sku: str | None
    place: str | None
    in_force: bool
