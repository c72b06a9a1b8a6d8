"""The shortest round through a building that comes by all of some spots. Pure, and exact."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from stores.walks.frontier import (
    FROM_BACK,
    FROM_BOTH,
    FROM_FRONT,
    NOT,
    ONCE,
    TWICE,
    Frontier,
    go_along,
    go_on,
    is_round,
    meet,
    nowhere,
)
from stores.walks.layout import Layout, Spot

# For each frontier that can be reached: the metres of the best way, the frontier before, and what
# was walked between the two: a manner, or how often each cross aisle.
_Reached = dict[Frontier, tuple[float, Frontier, int | tuple[int, ...]]]
_Path = tuple[Spot, Spot, int]  # from spot to spot, how often


@dataclass(frozen=True, slots=True)
class Walk:
    """A round from the start and back: the spots in the order in which they are met, and metres."""

    spots: tuple[Spot, ...]
    metres: float


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A part of an aisle between two crossings, with what is to be fetched there."""

    aisle: int
    crossing: int  # the one nearer to the front
    points: tuple[float, ...]  # of the crossing, of each spot, of the next crossing
    met: tuple[int, ...]  # crossings of the aisle that the walk must come by

    def manners(self) -> list[tuple[int, float]]:
        """Return each way to walk it, with its metres."""
        points = self.points
        first, last = points[0], points[-1]
        manners = [(ONCE, last - first), (TWICE, 2 * (last - first))]
        if len(points) == 2:
            return [(NOT, 0.0), *manners]
        manners += (FROM_FRONT, 2 * (points[-2] - first)), (FROM_BACK, 2 * (last - points[1]))
        if len(points) > 3:
            widest = max(b - a for a, b in pairwise(points[1:-1]))
            manners.append((FROM_BOTH, 2 * (last - first - widest)))
        return manners

    def paths(self, manner: int) -> Iterator[_Path]:
        """Return what is walked in this manner."""
        steps = list(pairwise(self.points))
        if manner == FROM_FRONT:
            del steps[-1]
        elif manner == FROM_BACK:
            del steps[0]
        elif manner == FROM_BOTH:
            del steps[
                1 + max(range(len(steps) - 2), key=lambda n: steps[n + 1][1] - steps[n + 1][0])
            ]
        elif manner == NOT:
            steps = []
        for near, far in steps:
            yield Spot(self.aisle, near), Spot(self.aisle, far), 1 if manner == ONCE else 2


def shortest_walk(layout: Layout, spots: Iterable[Spot]) -> Walk:
    """Return the shortest round that comes by all spots; the same spot is met once.

    The spots lie within the aisles, at 0 to `aisle_length` metres. The time grows with the number
    of aisles between the first and the last, not with the orders in which one could walk.
    """
    wanted = set(spots)
    if not wanted:
        return Walk((), 0.0)
    stretches = _stretches(layout, wanted)
    steps = _reach(layout, stretches)
    metres, end = min((best[0], end) for end, best in steps[-1].items() if is_round(end))
    paths = _paths(layout, stretches, steps, end)
    order = [spot for spot in dict.fromkeys(_round(layout.start, paths)) if spot in wanted]
    return Walk(tuple(order), metres)


def _stretches(layout: Layout, spots: set[Spot]) -> list[list[_Stretch]]:
    """Return each aisle's stretches, from the first aisle that matters to the last."""
    found: dict[int, list[float]] = defaultdict(list)
    for spot in (layout.start, *sorted(spots)):
        found[spot.aisle].append(spot.metres)
    aisles = []
    for aisle in range(min(found), max(found) + 1):
        metres = found.get(aisle, [])
        met = tuple(n for n, crossing in enumerate(layout.crossings) if crossing in metres)
        aisles.append(
            [
                _Stretch(aisle, n, (low, *(m for m in metres if low < m < high), high), met)
                for n, (low, high) in enumerate(pairwise(layout.crossings))
            ]
        )
    return aisles


def _reach(layout: Layout, stretches: Sequence[Sequence[_Stretch]]) -> list[_Reached]:
    """Return what can be reached after each stretch and each step to the next aisle."""
    start = nowhere(len(layout.crossings))
    steps: list[_Reached] = [{start: (0.0, start, NOT)}]
    for number, aisle in enumerate(stretches):
        if number:
            steps.append(_next_aisle(steps[-1], layout.aisle_gap))
        for stretch in aisle:
            steps.append(_along(steps[-1], stretch))
    return steps


def _along(reached: _Reached, stretch: _Stretch) -> _Reached:
    after: _Reached = {}
    manners = stretch.manners()
    for before, (so_far, _, _) in reached.items():
        frontier = before
        for crossing in stretch.met:
            frontier = meet(frontier, crossing)
        for manner, length in manners:
            end, metres = go_along(frontier, stretch.crossing, manner), so_far + length
            if end not in after or metres < after[end][0]:
                after[end] = metres, before, manner
    return after


def _next_aisle(reached: _Reached, gap: float) -> _Reached:
    after: _Reached = {}
    for before, (so_far, _, _) in reached.items():
        for times, end in go_on(before):
            metres = so_far + sum(times) * gap
            if end not in after or metres < after[end][0]:
                after[end] = metres, before, times
    return after


def _paths(
    layout: Layout,
    stretches: Sequence[Sequence[_Stretch]],
    steps: Sequence[_Reached],
    end: Frontier,
) -> list[_Path]:
    """Return what is walked on the best way to this end, found from the end to the start."""
    paths: list[_Path] = []
    step = len(steps) - 1
    for aisle in reversed(stretches):
        for stretch in reversed(aisle):
            _, end, manner = steps[step][end]
            assert isinstance(manner, int)
            paths.extend(stretch.paths(manner))
            step -= 1
        if step:
            _, end, times = steps[step][end]
            assert isinstance(times, tuple)
            here = aisle[0].aisle
            for crossing, often in zip(layout.crossings, times, strict=True):
                if often:
                    paths.append((Spot(here - 1, crossing), Spot(here, crossing), often))
            step -= 1
    return paths


def _round(start: Spot, paths: Iterable[_Path]) -> list[Spot]:
    """Return the spots of one round over all paths (Hierholzer, "Ueber die Möglichkeit", 1873)."""
    ways: dict[Spot, list[tuple[Spot, int]]] = defaultdict(list)
    count = 0
    for a, b, often in paths:
        for _ in range(often):
            ways[a].append((b, count))
            ways[b].append((a, count))
            count += 1
    is_walked = [False] * count
    trail, done = [start], []
    while trail:
        here = ways[trail[-1]]
        while here and is_walked[here[-1][1]]:
            here.pop()
        if here:
            there, number = here.pop()
            is_walked[number] = True
            trail.append(there)
        else:
            done.append(trail.pop())
    return done[::-1]
