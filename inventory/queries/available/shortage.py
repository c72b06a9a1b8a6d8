"""Why a demand falls short: the units that are there, where, and the rule in their way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

MOST_LOCATIONS = 20  # named in one line: those with most units

KEPT = "kept_from_sale"
OTHER_LOCATION = "other_location"
DOES_NOT_SHIP = "does_not_ship"
NO_SAME_DAY = "no_same_day"
NO_PICKUP = "no_pickup"
NO_WAY_OUT = "no_way_out"
NOT_OF_CHANNEL = "not_of_channel"
NOT_FROM_ONE = "not_from_one_location"
NOT_ENOUGH = "not_enough"

# The rules by which a location may be of no use, the mildest first.
RULES = (OTHER_LOCATION, DOES_NOT_SHIP, NO_SAME_DAY, NO_PICKUP, NO_WAY_OUT, NOT_OF_CHANNEL)

_WORDS = {
    NOT_ENOUGH: "There are not as many.",
    NOT_FROM_ONE: "There are enough, but not at one location, and the order is not to be split.",
    KEPT: "There are enough, but some are kept from sale to this channel.",
    OTHER_LOCATION: "There are enough, but not at the location that was named.",
    DOES_NOT_SHIP: "There are enough, but not at locations that ship.",
    NO_SAME_DAY: "There are enough, but not at locations that deliver on the same day.",
    NO_PICKUP: "There are enough, but the shop does not hand over pickups.",
    NO_WAY_OUT: "There are enough, but at locations that neither ship nor hand over.",
    NOT_OF_CHANNEL: "There are enough, but at locations that the channel does not sell from.",
}


@dataclass(frozen=True, slots=True)
class UnitsAt:
    """Units of a SKU at one location: all that are free, of them those kept from sale to the
    channel, and the rule by which the demand may not have any from there (None: it may).
    """

    location: str
    free: int
    kept: int = 0
    rule: str | None = None

    @property
    def sellable(self) -> int:
        return max(0, self.free - self.kept)


def explain_shortage(*, sku: str, requested: int, units: Iterable[UnitsAt]) -> dict[str, Any]:
    """Return the line of an `insufficient_stock` refusal.

    `available` are the units that the demand may have, though perhaps not from one location.
    `reason` is the first rule without which there would have been enough.
    """
    held = sorted((at for at in units if at.free > 0), key=lambda at: (-at.free, at.location))
    available = sum(at.sellable for at in held if at.rule is None)
    reason = _reason(requested, available, held)
    return {
        "sku": sku,
        "requested": requested,
        "available": available,
        "reason": reason,
        "detail": _WORDS[reason],
        "locations": [
            {
                "location": at.location,
                "available": at.free,
                "sellable": at.sellable if at.rule is None else 0,
                "kept": min(at.kept, at.free),
                "rule": at.rule or (KEPT if at.kept else None),
            }
            for at in held[:MOST_LOCATIONS]
        ],
    }


def _reason(requested: int, available: int, held: Sequence[UnitsAt]) -> str:
    if available >= requested:
        return NOT_FROM_ONE
    reach = sum(at.free for at in held if at.rule is None)
    if reach >= requested:
        return KEPT
    for rule in RULES:
        reach += sum(at.free for at in held if at.rule == rule)
        if reach >= requested:
            return rule
    return NOT_ENOUGH
