"""Serving the lines of one kind (ship, same-day) from the locations sourcing may choose."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from .search import Candidate, fewest_locations
from .shapes import SAME_DAY, SHIP, Demand, Site

# sku -> location code -> units still free in this plan.
Stock = dict[str, dict[str, int]]
# location code -> (metres to the destination, priority, code): smaller is preferred.
Ranks = Mapping[str, tuple[int, int, str]]

# A location without coordinates counts as far as anything can be: half way round the Earth.
UNKNOWN_METRES = 20_038_000

_CAPABLE: Mapping[str, Callable[[Site], bool]] = {
    SHIP: attrgetter("ships"),
    SAME_DAY: attrgetter("same_day"),
}


@dataclass(slots=True)
class Served:
    """What became of the lines of one kind.

    `candidates` holds every location with stock for them, preferred first, capable or not.
    """

    type: str
    asked: int
    reached: int
    candidates: list[Candidate]
    chosen: list[str]
    exact: bool
    takes: dict[str, dict[str, int]]  # line id -> location code -> units


def capable(site: Site, type_: str) -> bool:
    return _CAPABLE[type_](site)


def serve(
    type_: str,
    lines: Sequence[Demand],
    stock: Stock,
    sites: Mapping[str, Site],
    ranks: Ranks,
    *,
    split: bool,
    withheld: Stock | None = None,
) -> Served:
    """Choose locations for `lines` and take their units out of `stock`.

    Covers as many units as can be had, from the fewest locations that still reach that many;
    without `split` from the one location that covers most. `withheld` units are not touched.
    """
    need = summed(lines)
    wanted = list(need.values())
    candidates: list[Candidate] = sorted(
        [(*ranks[code], cover) for code, cover in _covers(need, stock, withheld).items()]
    )
    is_capable = _CAPABLE[type_]
    able = [candidate for candidate in candidates if is_capable(sites[candidate[2]])]
    chosen, exact = _choose(able, wanted, split)
    takes = _share_out(lines, chosen, stock, withheld)
    return Served(
        type=type_,
        asked=sum(wanted),
        reached=sum([sum(take.values()) for take in takes.values()]),
        candidates=candidates,
        chosen=chosen,
        exact=exact,
        takes=takes,
    )


def _choose(able: list[Candidate], wanted: list[int], split: bool) -> tuple[list[str], bool]:
    if not able:
        return [], True
    for candidate in able:  # sorted, so the first that covers everything is the best that does
        if candidate[3] == wanted:
            return [candidate[2]], True
    if not split:
        return [min(able, key=lambda candidate: (-sum(candidate[3]), candidate))[2]], True
    held = map(sum, zip(*[candidate[3] for candidate in able], strict=True))
    goal = [min(want, units) for want, units in zip(wanted, held, strict=True)]
    return fewest_locations(able, goal)


def summed(lines: Iterable[Demand]) -> dict[str, int]:
    need: dict[str, int] = {}
    for line in lines:
        need[line.sku] = need.get(line.sku, 0) + line.quantity
    return need


def withhold_for_ship(
    ship: Sequence[Demand],
    same_day: Sequence[Demand],
    stock: Stock,
    sites: Mapping[str, Site],
    ranks: Ranks,
) -> Stock | None:
    """Units that same-day lines must leave for ship lines of the same SKU, or None.

    Same-day lines choose first. Without this they could empty the only location that ships and
    get an order refused that could have been served whole. The furthest units are held back.
    """
    ship_need = summed(ship)
    withheld: Stock = {}
    for sku in summed(same_day).keys() & ship_need.keys():
        held = stock[sku]
        short = ship_need[sku] - sum(
            units for code, units in held.items() if sites[code].ships and not sites[code].same_day
        )
        both = [code for code in held if sites[code].ships and sites[code].same_day]
        for code in sorted(both, key=ranks.__getitem__, reverse=True):
            if short <= 0:
                break
            kept = min(short, held[code])
            withheld.setdefault(sku, {})[code] = kept
            short -= kept
    return withheld or None


def _covers(need: Mapping[str, int], stock: Stock, withheld: Stock | None) -> dict[str, list[int]]:
    """Units per SKU (in the order of `need`) that each location could give, never above need."""
    covers: dict[str, list[int]] = {}
    width = len(need)
    for at, (sku, wanted) in enumerate(need.items()):
        kept = withheld.get(sku) if withheld else None
        for code, units in stock[sku].items():
            free = units - kept.get(code, 0) if kept else units
            if free <= 0:
                continue
            cover = covers.get(code)
            if cover is None:
                covers[code] = cover = [0] * width
            cover[at] = free if free < wanted else wanted
    return covers


def _share_out(
    lines: Sequence[Demand], chosen: Sequence[str], stock: Stock, withheld: Stock | None
) -> dict[str, dict[str, int]]:
    """Give each line its units: whole from one chosen location if one can, else nearest first."""
    takes: dict[str, dict[str, int]] = {}
    for line in lines:
        held = stock[line.sku]
        kept = withheld.get(line.sku, {}) if withheld else {}
        wanted = line.quantity
        free = [(code, held.get(code, 0) - kept.get(code, 0)) for code in chosen]
        whole = next((code for code, units in free if units >= wanted), None)
        take: dict[str, int] = {}
        for code, units in [(whole, wanted)] if whole is not None else free:
            got = min(units, wanted)
            if got > 0:
                take[code] = got
                held[code] -= got
                wanted -= got
        takes[line.line_id] = take
    return takes
