"""The sourcing receipt: every candidate, its score parts, and why it was or was not chosen.

Codes are stable; people read the words. `no_stock` lists the locations that hold nothing of the
order: naming them is enough, their scores would only bloat what is stored with every order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .serving import UNKNOWN_METRES, Served, capable
from .shapes import PICKUP, Demand, Policy, Site

REASONS: Mapping[str, str] = {
    "chosen": "Chosen.",
    "named": "The customer named this location.",
    "order_refused": "Would have been chosen, but the order was refused.",
    "does_not_ship": "This location does not ship.",
    "no_same_day": "This location does not deliver on the same day.",
    "nothing_left": "The customer named this location, but it holds nothing for this line.",
    "no_pickup": "This location does not hand over pickups.",
    "unknown_location": "The channel may not use this location, or there is no such location.",
    "covers_too_little": "It does not hold everything, and another location does.",
    "covers_fewer_units": "It holds fewer units than the chosen location.",
    "further_away": "It could serve everything too, but is further from the destination.",
    "lower_priority": "As good and as near as the chosen location, but of lower priority.",
    "later_code": "Equal to the chosen location in all; the alphabet decided.",
    "not_in_best_set": "Another set of locations needs fewer parcels or is nearer in total.",
    "not_needed": "The locations taken before it had already covered what it holds.",
}
_INCAPABLE = {"ship": "does_not_ship", "same_day": "no_same_day"}


def write_receipt(
    *,
    named: Sequence[tuple[Demand, int]],
    served: Sequence[Served],
    sites: Mapping[str, Site],
    stocked: set[str],
    destination: tuple[float, float] | None,
    policy: Policy,
    refused: bool,
) -> dict[str, object]:
    """`named` are pickup and carry_out lines with the units they got; `stocked` the location codes
    that held any unit of the order. Distances in km, null where a coordinate is not known."""
    candidates = [_named_entry(line, got, sites, refused) for line, got in named]
    for group in served:
        candidates += _entries(group, sites, destination is not None, policy, refused)
    return {
        "method": "exact" if all([group.exact for group in served]) else "greedy",
        "outcome": "refused" if refused else "planned",
        "destination": None if destination is None else list(destination),
        "policy": {
            "allow_split": policy.allow_split,
            "allow_backorder": policy.allow_backorder,
            "allow_partial": policy.allow_partial,
        },
        "candidates": candidates,
        "no_stock": sorted(sites.keys() - stocked),
    }


def _named_entry(
    line: Demand, got: int, sites: Mapping[str, Site], refused: bool
) -> dict[str, object]:
    site = sites.get(line.location or "")
    if site is None:
        code = "unknown_location"
    elif line.type == PICKUP and not site.pickup:
        code = "no_pickup"
    elif not got:
        code = "nothing_left"
    else:
        code = "order_refused" if refused else "named"
    return {
        "location": line.location,
        "type": line.type,
        "line_id": line.line_id,
        "units": got,
        "of": line.quantity,
        "distance_km": None,
        "priority": None if site is None else site.priority,
        "chosen": code == "named",
        "code": code,
        "reason": REASONS[code],
    }


def _entries(
    group: Served, sites: Mapping[str, Site], measured: bool, policy: Policy, refused: bool
) -> list[dict[str, object]]:
    """One entry a candidate, preferred first."""
    asked, type_, chosen = group.asked, group.type, set(group.chosen)
    best = next((candidate for candidate in group.candidates if candidate[2] in chosen), None)
    entries: list[dict[str, object]] = []
    for candidate in group.candidates:
        metres, priority, location, cover = candidate
        units = sum(cover)
        if location in chosen:
            code = "order_refused" if refused else "chosen"
        elif not capable(sites[location], type_):
            code = _INCAPABLE[type_]
        elif best is None:
            code = "order_refused"
        elif len(chosen) > 1:
            code = "not_in_best_set" if group.exact else "not_needed"
        elif units < group.reached:
            code = "covers_too_little" if policy.allow_split else "covers_fewer_units"
        elif metres > best[0]:
            code = "further_away"
        else:
            code = "lower_priority" if priority > best[1] else "later_code"
        entries.append(
            {
                "location": location,
                "type": type_,
                "units": units,
                "of": asked,
                "distance_km": metres / 1000 if measured and metres < UNKNOWN_METRES else None,
                "priority": priority,
                "chosen": code == "chosen",
                "code": code,
                "reason": REASONS[code],
            }
        )
    return entries
