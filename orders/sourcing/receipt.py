"""The sourcing receipt: every candidate, its score parts, and why it was or was not chosen.

Codes are stable; people read the words. `no_stock` lists the locations that hold nothing of the
order: their codes are enough, their scores would only enlarge what is stored with every order.

It is kept as columns and shown as rows: as rows, 20 candidates were 4.2 kB of JSON and a third of
the time that inserting an order took.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, groupby, repeat
from typing import Any

from .serving import UNKNOWN_METRES, Served
from .shapes import CARRY_OUT, Demand, Policy, Site

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


Table = dict[str, object]  # values that all rows share, and a list per column


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
    """Return the receipt in its stored form; `read_receipt` expands it.

    `named` are pickup and carry_out lines with the units they got at that location; `stocked`
    the location codes that held any unit of the order. Distances in km, null where a coordinate
    is not known: from the destination, or for the goods of a pickup from its `shop`.
    """
    receipt: dict[str, object] = {
        "method": "exact" if all([group.exact for group in served]) else "greedy",
        "outcome": "refused" if refused else "planned",
        "destination": None if destination is None else list(destination),
        "policy": {
            "allow_split": policy.allow_split,
            "allow_backorder": policy.allow_backorder,
            "allow_partial": policy.allow_partial,
        },
        "tables": [
            *[_named_table(line, got, sites, policy, refused) for line, got in named],
            *[_table(one, sites, policy, refused) for one in served],
        ],
        "no_stock": sorted(sites.keys() - stocked - avoiding),
    }
    if avoiding:
        receipt["avoided"] = sorted(avoiding)
    return receipt


def read_receipt(kept: Mapping[str, Any]) -> dict[str, Any]:
    """Expand a stored receipt: one object per candidate, preferred first, with the reason in
    words.
    """
    if "tables" not in kept:  # written before receipts were kept as columns
        return dict(kept)
    shown = {name: value for name, value in kept.items() if name not in ("tables", "no_stock")}
    shown["candidates"] = [row for table in kept["tables"] for row in _rows(table)]
    return shown | {"no_stock": kept["no_stock"]}


def _rows(table: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    alike = {name: table[name] for name in ("line_id", "shop") if name in table}
    # Null as a whole when nothing was measured, or the customer has been erased since.
    distances = table["distance_km"] or repeat(None)
    alike_in_runs = (_unrolled(table[name]) for name in ("units", "priority", "code"))
    columns = (table["location"], distances, *alike_in_runs)
    for location, distance, units, priority, code in zip(*columns, strict=False):
        yield {
            "location": location,
            "type": table["type"],
            **alike,
            "units": units,
            "of": table["of"],
            "distance_km": distance,
            "priority": priority,
            "chosen": code in ("chosen", "named"),
            "code": code,
            "reason": REASONS[code],
        }


def _named_table(
    line: Demand, got: int, sites: Mapping[str, Site], policy: Policy, refused: bool
) -> Table:
    site = sites.get(line.location or "")
    if line.type == CARRY_OUT:
        code = "order_refused" if refused else "named"
    elif site is None:
        code = "unknown_location"
    elif not site.pickup:
        code = "no_pickup"
    elif not got:
        code = "nothing_left" if policy.allow_split else "not_whole"
    else:
        code = "order_refused" if refused else "named"
    return {
        "type": line.type,
        "line_id": line.line_id,
        "of": line.quantity,
        "location": [line.location],
        "units": _runs([got]),
        "distance_km": None,
        "priority": _runs([None if site is None else site.priority]),
        "code": _runs([code]),
    }


def _table(served: Served, sites: Mapping[str, Site], policy: Policy, refused: bool) -> Table:
    """One row a candidate, preferred first."""
    group, chosen = served.group, set(served.chosen)
    best = next((candidate for candidate in served.candidates if candidate[2] in chosen), None)
    units = [sum(cover) for _, _, _, cover in served.candidates]
    codes = []
    for (metres, priority, location, _), held in zip(served.candidates, units, strict=True):
        if location in chosen:
            code = "order_refused" if refused else "chosen"
        elif not group.may_take_from(sites[location]):
            code = _INCAPABLE[group.type]
        elif best is None:
            code = "order_refused"
        elif len(chosen) > 1:
            code = "not_in_best_set" if served.exact else "not_needed"
        elif held < served.reached:
            code = "covers_too_little" if policy.allow_split else "covers_fewer_units"
        elif metres > best[0]:
            code = "further_away"
        else:
            code = "lower_priority" if priority > best[1] else "later_code"
        codes.append(code)
    return {
        "type": group.type,
        **({"shop": group.shop} if group.shop else {}),
        "of": served.asked,
        "location": [location for _, _, location, _ in served.candidates],
        "units": _runs(units),
        "distance_km": [_km(m) for m, _, _, _ in served.candidates] if group.measured else None,
        "priority": _runs(priority for _, priority, _, _ in served.candidates),
        "code": _runs(codes),
    }


def _runs(column: Iterable[object]) -> list[list[object]]:
    """Run-length encode a column as (value, count) pairs."""
    return [[value, len(list(alike))] for value, alike in groupby(column)]


def _unrolled(runs: Iterable[tuple[Any, int]]) -> Iterator[Any]:
    return chain.from_iterable(repeat(value, times) for value, times in runs)


def _km(metres: int) -> float | None:
    """A shop itself is ranked before all others, by a negative distance."""
    return None if metres >= UNKNOWN_METRES else max(metres, 0) / 1000
