"""Movements that name the condition they move, so that the ledger keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from inventory.choices import Condition
from inventory.conditions import draw, named_by
from inventory.errors import NotInCondition
from inventory.ledger import Entry
from inventory.models import Sku
from inventory.queries.available.conditions import conditions_of
from stores.models import Location


def name_conditions(entries: Sequence[Entry]) -> list[Entry]:
    """Return entries of locked rows in which all units leaving `unavailable` name a condition.

    For acts that are always recorded: a count, an adjustment. Units that are not
    in the condition which the reason names, or whose reason names none, leave the conditions
    they are in by movements of their own, just before. The sums stay the same.
    """
    kept = conditions_of({_pair(entry) for entry in entries if entry.unavailable < 0})
    named: list[Entry] = []
    for entry in entries:
        if entry.unavailable >= 0:
            if _pair(entry) in kept and entry.unavailable:
                entered = named_by(entry.reason, entry.unavailable)
                kept[_pair(entry)][entered or Condition.QUARANTINE] += entry.unavailable
            named.append(entry)
            continue
        drawn = draw(kept[_pair(entry)], -entry.unavailable, reason=entry.reason)
        said = named_by(entry.reason, entry.unavailable)
        own = drawn.pop(said, 0) if said else 0
        named += [
            replace(entry, on_hand=0, reserved=0, unavailable=-units, reason=condition)
            for condition, units in drawn.items()
        ]
        if own or entry.on_hand or entry.reserved:
            named.append(replace(entry, unavailable=-own))
    return named


def refuse_overdrawn(entries: Sequence[Entry]) -> None:
    """Refuse entries of locked rows that take more out of a condition than is in it.

    For acts that decide about units in a condition. Raises `NotInCondition`.
    """
    kept = conditions_of({_pair(entry) for entry in entries if entry.unavailable < 0})
    short = []
    for entry in entries:
        condition = named_by(entry.reason, entry.unavailable)
        if not entry.unavailable or condition is None or _pair(entry) not in kept:
            continue
        there = kept[_pair(entry)][condition]
        kept[_pair(entry)][condition] += entry.unavailable
        if there + entry.unavailable < 0:
            short.append((entry, condition, there))
    if not short:
        return
    skus = dict(
        Sku.objects.filter(pk__in={e.sku_id for e, _, _ in short}).values_list("pk", "code")
    )
    places = Location.objects.filter(pk__in={e.location_id for e, _, _ in short})
    codes = dict(places.values_list("pk", "code"))
    raise NotInCondition(
        lines=[
            {
                "sku": skus[entry.sku_id],
                "location": codes[entry.location_id],
                "condition": condition.value,
                "in_condition": max(0, there),
                "requested": -entry.unavailable,
            }
            for entry, condition, there in short
        ]
    )


def _pair(entry: Entry) -> tuple[int, int]:
    return entry.sku_id, entry.location_id
