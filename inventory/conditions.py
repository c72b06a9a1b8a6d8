"""The conditions of units that may not be sold, derived from the ledger's reasons. Pure.

A movement of `unavailable` moves one condition, and its reason says which. A unit that changes
its condition leaves one and enters another, which makes two movements.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from inventory.choices import Condition, Reason

Kept = dict[Condition, int]  # units in each condition, every condition named

# Reasons that end a condition under another name: inspected units are decided on,
# missing units are found or written off.
_ENDS: Mapping[str, Condition] = {
    Reason.RESTOCKED: Condition.INSPECTION,
    Reason.SCRAPPED: Condition.INSPECTION,
    Reason.TO_VENDOR: Condition.INSPECTION,
    Reason.FOUND: Condition.MISSING,
    Reason.LOST: Condition.MISSING,
}

# The order in which units are taken when no condition is given: first those that are
# least certain to exist. Scrapped units were most likely damaged.
_LEAST_SURE = (
    Condition.MISSING,
    Condition.TO_PUT_BACK,
    Condition.INSPECTION,
    Condition.QUARANTINE,
    Condition.DAMAGED,
)
_LEAST_FIT = tuple(reversed(_LEAST_SURE))
_BACK_ON_SALE = (
    Condition.INSPECTION,
    Condition.TO_PUT_BACK,
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

    Each reason's sums in and out come apart. Movements that name no condition count as held
    back. An overdrawn condition is taken from the others, so that no unit is counted twice.
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

    The condition that the reason names goes first. Returns the units by condition, only where there
    are any.
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
