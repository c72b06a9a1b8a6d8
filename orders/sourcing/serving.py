"""Serving the lines of one kind from the locations that sourcing may choose."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from .search import EFFORT, Candidate, fewest_locations
from .shapes import SAME_DAY, Demand, Site

# sku -> location code -> units still free in this plan.
Stock = dict[str, dict[str, int]]
# location code -> (metres to the destination, priority, code): smaller is preferred.
Ranks = Mapping[str, tuple[int, int, str]]

# A location without coordinates counts as far as anything can be: half way round the Earth.
UNKNOWN_METRES = 20_038_000


@dataclass(frozen=True, slots=True)
class Group:
    """Lines that are served together: one kind, and for pickups one shop.

    `ranks` may lack locations that hold nothing. `measured`: their distances are known.
    """

    type: str
    lines: Sequence[Demand]
    ranks: Ranks
    measured: bool
    shop: str | None = None
    only_from: Collection[str] | None = None  # None: any

    def may_take_from(self, site: Site) -> bool:
        return self.can_take_from(site) and (self.only_from is None or site.code in self.only_from)

    def can_take_from(self, site: Site) -> bool:
        """Goods for a pickup come with a carrier, unless they are in the shop itself."""
        if self.type == SAME_DAY:
            return site.same_day
        return site.ships or site.code == self.shop


@dataclass(slots=True)
class Served:
    """The result of serving the lines of one group.

    `candidates` holds every location with stock for them, preferred first, capable or not.
    """

    group: Group
    asked: int
    reached: int
    candidates: list[Candidate]
    chosen: list[str]
    exact: bool
    takes: dict[str, dict[str, int]]  # line id -> location code -> units


def serve(
    group: Group,
    stock: Stock,
    sites: Mapping[str, Site],
    *,
    split: bool,
    withheld: Stock | None = None,
    only: str | None = None,
) -> Served:
    """Choose locations for a group's lines and take their units out of `stock`.

    Covers as many units as can be had, from the fewest locations that still reach that many;
    without `split` from the one location that covers most, or from `only`. `withheld` units are
    not touched.
    """
    need = summed(group.lines)
    wanted = list(need.values())
    candidates: list[Candidate] = sorted(
        [(*group.ranks[code], cover) for code, cover in _covers(need, stock, withheld).items()]
    )
    if only is not None:
        chosen, exact = [only], True
    else:
        able = [c for c in candidates if group.may_take_from(sites[c[2]])]
        chosen, exact = _choose(able, wanted, split)
    takes = _share_out(group.lines, chosen, stock, withheld)
    return Served(
        group=group,
        asked=sum(wanted),
        reached=sum([sum(take.values()) for take in takes.values()]),
        candidates=candidates,
        chosen=chosen,
        exact=exact,
        takes=takes,
    )


def serve_each_from_one(
    groups: Sequence[Group], stock: Stock, sites: Mapping[str, Site]
) -> list[Served]:
    """Serve every group from one location of its own choice, all of them whole if that can be.

    If two groups want the same location, whichever goes first may leave the other nothing: so a
    way in which all get everything is searched for. If none is found, both orders are tried.
    """
    if len(groups) > 1 and (sources := _whole_sources(groups, stock, sites)):
        pairs = zip(groups, sources, strict=True)
        return [serve(group, stock, sites, split=False, only=code) for group, code in pairs]
    attempts: list[tuple[list[Served], Stock]] = []
    for order in (groups, groups[::-1]) if len(groups) > 1 else (groups,):
        trial = {sku: dict(held) for sku, held in stock.items()}
        attempts.append(([serve(group, trial, sites, split=False) for group in order], trial))
    best, left = max(attempts, key=lambda attempt: sum(served.reached for served in attempt[0]))
    stock.update(left)
    return best


def _whole_sources(
    groups: Sequence[Group], stock: Stock, sites: Mapping[str, Site]
) -> list[str] | None:
    """One location a group so that each gets everything, the preferred ones first; or None."""
    needs = [summed(group.lines) for group in groups]
    effort = EFFORT

    def search(at: int) -> list[str] | None:
        nonlocal effort
        if at == len(groups):
            return []
        group, need = groups[at], needs[at]
        first, *others = (stock[sku] for sku in need)
        for code in sorted(set(first).intersection(*others), key=group.ranks.__getitem__):
            covers = all(stock[sku][code] >= units for sku, units in need.items())
            if not covers or not group.may_take_from(sites[code]):
                continue
            effort -= 1
            if effort < 0:
                return None
            for sku, units in need.items():
                stock[sku][code] -= units
            rest = search(at + 1)
            for sku, units in need.items():
                stock[sku][code] += units
            if rest is not None:
                return [code, *rest]
        return None

    return search(0)


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
    """Units that same-day lines must leave for lines of the same SKU that travel, or None.

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
