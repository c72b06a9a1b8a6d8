"""Units kept from sale on a Stock row, for whom, and by which rule. Pure.

Levels, not allotments: three units kept for walk-ins are three units for as long as the rule runs,
however many were sold meanwhile.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

FOR_GOOD = datetime.max.replace(tzinfo=UTC)
ROWS_REMEMBERED = 65_536  # cached results per period, the oldest dropped first


@dataclass(frozen=True, slots=True)
class Kept:
    """Units of one Stock row that are kept for one channel, or from all of them (None: safety
    stock). `rule` is None when it is the row's own level or fence; `until` None: for good."""

    quantity: int
    channel: str | None = None
    until: datetime | None = None
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """Keeps units on every Stock row that it matches; a condition that is not set matches all.

    In force from `starts_at` on, and no more at `until`.
    """

    code: str
    quantity: int
    channel: str | None = None
    sku_id: int | None = None
    category: str = ""
    abc_class: str = ""
    location_id: int | None = None
    starts_at: datetime | None = None
    until: datetime | None = None

    def is_in_force(self, at: datetime) -> bool:
        began = self.starts_at is None or self.starts_at <= at
        return began and (self.until is None or at < self.until)

    def matches(self, category: str, abc_class: str, location_id: int) -> bool:
        """Say whether a Stock row matches this rule, apart from the SKU that the rule names."""
        return (
            self.location_id in (None, location_id)
            and self.category in ("", category)
            and self.abc_class in ("", abc_class)
        )

    @property
    def kept(self) -> Kept:
        return Kept(self.quantity, self.channel, self.until, self.code)


def highest(levels: Iterable[Kept]) -> tuple[Kept, ...]:
    """Of all safety levels the highest, and of each channel's fences the highest.

    Of two that are as high, the one that lasts longer; else the first.
    """
    best: dict[str | None, Kept] = {}
    for level in levels:
        highest_yet = best.get(level.channel)
        if highest_yet is None or _rank(level) > _rank(highest_yet):
            best[level.channel] = level
    return tuple(best.values())


def _rank(level: Kept) -> tuple[int, datetime]:
    return level.quantity, level.until or FOR_GOOD


class InForce:
    """The rules of one period, between two times at which any of them begins or ends.

    Treat as immutable: threads share it.
    """

    def __init__(self, rules: Iterable[Rule], sells_from: Mapping[str, Collection[int]]) -> None:
        self._sells_from = sells_from
        self._general: list[Rule] = []
        self._named: dict[int, list[Rule]] = {}
        for rule in rules:
            if rule.sku_id is None:
                self._general.append(rule)
            else:
                self._named.setdefault(rule.sku_id, []).append(rule)
        # Rules treat thousands of SKUs alike: placing orders looks up cached results.
        self._of_all_such = lru_cache(maxsize=ROWS_REMEMBERED)(self._work_out)

    def may_touch(self, sku_id: int) -> bool:
        """Say whether any of these rules might apply to a SKU."""
        return bool(self._general) or sku_id in self._named

    def kept(
        self,
        sku_id: int,
        category: str,
        abc_class: str,
        location_id: int,
        own: Sequence[Kept] = (),
    ) -> tuple[Kept, ...]:
        """Return what applies to one Stock row, whose own level and fences are `own`."""
        general = self._of_all_such(category, abc_class, location_id) if self._general else ()
        named = self._named.get(sku_id)
        if not own and not named:
            return general
        levels = [*own, *general]
        if named:
            levels += [r.kept for r in named if r.matches(category, abc_class, location_id)]
        return highest(level for level in levels if self._can_sell(level, location_id))

    def _work_out(self, category: str, abc_class: str, location_id: int) -> tuple[Kept, ...]:
        levels = [r.kept for r in self._general if r.matches(category, abc_class, location_id)]
        return highest(level for level in levels if self._can_sell(level, location_id))

    def _can_sell(self, level: Kept, location_id: int) -> bool:
        """A channel that does not sell from here gets no units kept here: they could not be
        sold.
        """
        return level.channel is None or location_id in self._sells_from.get(level.channel, ())


class Rulebook:
    """All rules at one revision, looked up by time."""

    def __init__(
        self, rules: Sequence[Rule] = (), sells_from: Mapping[str, Collection[int]] | None = None
    ) -> None:
        self._rules = rules
        self._sells_from = sells_from or {}
        self._moments = sorted(
            {moment for rule in rules for moment in (rule.starts_at, rule.until) if moment}
        )
        self._open: tuple[int, InForce] | None = None

    def in_force(self, at: datetime) -> InForce:
        """Return the rules in force at a time: to the microsecond, without a periodic task."""
        stretch = bisect_right(self._moments, at)
        page = self._open
        if page is None or page[0] != stretch:
            rules = [rule for rule in self._rules if rule.is_in_force(at)]
            self._open = page = (stretch, InForce(rules, self._sells_from))
        return page[1]
