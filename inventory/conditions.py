"""In which condition units are that may not be sold, as the reasons of the ledger tell. Pure.

A movement of `unavailable` moves one condition, and its reason says which. A unit that changes
its condition leaves one and enters another: two movements.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from inventory.choices import Condition, Reason

Kept = dict[Condition, int]  # units in each condition, every condition named

# Reasons that end a condition without being called like it: what was inspected is decided on,
# what was missing turns up or is given up.
_ENDS: Mapping[str, Condition] = {
    Reason.RESTOCKED: Condition.INSPECTION,
    Reason.SCRAPPED: Condition.INSPECTION,
    Reason.TO_VENDOR: Condition.INSPECTION,
    Reason.FOUND: Condition.MISSING,
    Reason.LOST: Condition.MISSING,
}

# Where units are taken from when nobody said in which condition they were: first those of which
# it is least sure that they are there. What is thrown away was most likely damaged.
_LEAST_SURE = (
    Condition.MISSING,
    Condition.INSPECTION,
    Condition.QUARANTINE,
    Condition.DAMAGED,
)
_LEAST_FIT = tuple(reversed(_LEAST_SURE))
_BACK_ON_SALE = (
    Condition.INSPECTION,
    Condition.QUARANTINE,
    Condition.MISSING,
    Condition.DAMAGED,
)
_ORDERS: Mapping[str, tuple[Condition, ...]] = {
    Reason.SCRAPPED: _LEAST_FIT,
    Reason.TO_VENDOR: _LEAST_FIT,
    Reason.RESTOCKED: _BACK_ON_SALE,
}


def named_by(reason: str, delta: int) -> Condition | None:
    """Return the condition that a movement of `unavailable` by `delta` under `reason` moves.

    None: the reason names none, as in `correction`.
    """
    if reason in Condition.values:
        return Condition(reason)
    return _ENDS.get(reason) if delta < 0 else None


def read_conditions(sums: Iterable[tuple[str, int]]) -> Kept:
    """Return units by condition from the ledger's sums by reason: (reason, units in or out).

    Ins and outs of one reason are given apart. Movements that name no condition count as held
    back. What that leaves overdrawn was taken from others: no unit is counted twice.
    """
    kept = dict.fromkeys(Condition, 0)
    for reason, units in sums:
        kept[named_by(reason, units) or Condition.QUARANTINE] += units
    for short in Condition:
        if kept[short] < 0:
            owed, kept[short] = -kept[short], 0
            for condition, units in _draw(kept, owed, _LEAST_SURE).items():
                kept[condition] -= units
    return kept


def draw(kept: Kept, units: int, *, reason: str) -> Kept:
    """Choose the conditions that `units` leave under `reason`, and take them out of `kept`.

    What the reason names goes first. Returns the units by condition, only where there are any.
    """
    own = named_by(reason, -units)
    order = _ORDERS.get(reason, _LEAST_SURE)
    if own is not None and reason not in _ORDERS:
        order = (own, *(condition for condition in order if condition != own))
    drawn = _draw(kept, units, order)
    for condition, taken in drawn.items():
        kept[condition] -= taken
    return drawn


def _draw(kept: Kept, units: int, order: Iterable[Condition]) -> Kept:
    drawn: Kept = {}
    for condition in order:
        taken = min(units, max(0, kept[condition]))
        if taken:
            drawn[condition] = taken
            units -= taken
    return drawn
