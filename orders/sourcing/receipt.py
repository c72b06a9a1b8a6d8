"""The sourcing receipt: every candidate, its score parts, and why it was or was not chosen.

Codes are stable; people read the words. `no_stock` lists the locations that hold nothing of the
order: naming them is enough, their scores would only bloat what is stored with every order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .serving import UNKNOWN_METRES, Served
from .shapes import PICKUP, Demand, Policy, Site

REASONS: Mapping[str, str] = {
    "chosen": "Chosen.",
    "named": "The customer named this location.",
    "order_refused": "Would have been chosen, but the order was refused.",
    "does_not_ship": "This location does not ship.",
    "no_same_day": "This location does not deliver on the same day.",
    "nothing_left": "The customer named this location, but it holds nothing for this line.",
    "not_whole": "The customer named this location, but one location has to give everything.",
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
_INCAPABLE = {"ship": "does_not_ship", "pickup": "does_not_ship", "same_day": "no_same_day"}


def write_receipt(
    *,
    named: Sequence[tuple[Demand, int]],
    served: Sequence[Served],
    sites: Mapping[str, Site],
    stocked: set[str],
    avoiding: frozenset[str],
    destination: tuple[float, float] | None,
    policy: Policy,
    refused: bool,
) -> dict[str, object]:
    """`named` are pickup and carry_out lines with the units they got at that location; `stocked`
    the location codes that held any unit of the order. Distances in km, null where a coordinate
    is not known: from the destination, or for the goods of a pickup from its `shop`."""
    candidates = [_named_entry(line, got, sites, policy, refused) for line, got in named]
    for one in served:
        candidates += _entries(one, sites, policy, refused)
    receipt: dict[str, object] = {
        "method": "exact" if all([group.exact for group in served]) else "greedy",
        "outcome": "refused" if refused else "planned",
        "destination": None if destination is None else list(destination),
        "policy": {
            "allow_split": policy.allow_split,
            "allow_backorder": policy.allow_backorder,
            "allow_partial": policy.allow_partial,
        },
        "candidates": candidates,
        "no_stock": sorted(sites.keys() - stocked - avoiding),
    }
    if avoiding:
        receipt["avoided"] = sorted(avoiding)
    return receipt


def _named_entry(
    line: Demand, got: int, sites: Mapping[str, Site], policy: Policy, refused: bool
) -> dict[str, object]:
    site = sites.get(line.location or "")
    if site is None:
        code = "unknown_location"
    elif line.type == PICKUP and not site.pickup:
        code = "no_pickup"
    elif not got:
        split = policy.allow_split or line.type != PICKUP
        code = "nothing_left" if split else "not_whole"
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
    served: Served, sites: Mapping[str, Site], policy: Policy, refused: bool
) -> list[dict[str, object]]:
    """One entry a candidate, preferred first."""
    group, type_, chosen = served.group, served.group.type, set(served.chosen)
    best = next((candidate for candidate in served.candidates if candidate[2] in chosen), None)
    shop = {"shop": group.shop} if group.shop else {}
    entries: list[dict[str, object]] = []
    for candidate in served.candidates:
        metres, priority, location, cover = candidate
        units = sum(cover)
        if location in chosen:
            code = "order_refused" if refused else "chosen"
        elif not group.may_take_from(sites[location]):
            code = _INCAPABLE[type_]
        elif best is None:
            code = "order_refused"
        elif len(chosen) > 1:
            code = "not_in_best_set" if served.exact else "not_needed"
        elif units < served.reached:
            code = "covers_too_little" if policy.allow_split else "covers_fewer_units"
        elif metres > best[0]:
            code = "further_away"
        else:
            code = "lower_priority" if priority > best[1] else "later_code"
        entries.append(
            {
                "location": location,
                "type": type_,
                **shop,
                "units": units,
                "of": served.asked,
                "distance_km": _km(metres) if group.measured else None,
                "priority": priority,
                "chosen": code == "chosen",
                "code": code,
                "reason": REASONS[code],
            }
        )
    return entries


def _km(metres: int) -> float | None:
    """A shop itself is ranked before all others, at less than no distance."""
    return None if metres >= UNKNOWN_METRES else max(metres, 0) / 1000
