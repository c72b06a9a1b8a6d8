"""Arguments and results of the ledger: plain values, units in whole numbers."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from inventory.choices import Grip, Reason

ACTOR_LENGTH = 150
BALANCE_LIMIT = 2_000_000_000  # PostgreSQL's integer, with room for one more change


@dataclass(frozen=True, slots=True)
class Entry:
    """One movement to be posted: deltas in units on one Stock row.

    `occurred_at` is when it happened in the building; None: now.
    """

    sku_id: int
    location_id: int
    on_hand: int = 0
    reserved: int = 0
    unavailable: int = 0
    reason: str = Reason.OTHER
    reference: str = ""
    occurred_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Balance:
    """A Stock row after a change."""

    sku_id: int
    location_id: int
    on_hand: int
    reserved: int
    unavailable: int
    version: int

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved - self.unavailable


@dataclass(frozen=True, slots=True)
class NewReservation:
    """A reservation to be made. `fenced` units of the row belong to other channels."""

    reservation_id: int
    sku_id: int
    location_id: int
    quantity: int
    fenced: int
    reference: str


@dataclass(frozen=True, slots=True)
class LiveReservation:
    """A reservation that is held or confirmed. `stale`: an expired hold.

    `in_hand` of its units are as sure as `grip` says, the others are on the shelf.
    """

    reservation_id: int
    sku_id: int
    location_id: int
    quantity: int
    reference: str
    state: str
    stale: bool
    group_id: uuid.UUID | None
    grip: Grip
    in_hand: int


@dataclass(frozen=True, slots=True)
class Part:
    """Some or all units of a live reservation."""

    reservation_id: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Broken:
    """Units of a reservation that were not found; `in_hand` of them in a tote, a box or a bay."""

    reservation_id: int
    sku_id: int
    location_id: int
    quantity: int
    reference: str
    in_hand: int = 0
