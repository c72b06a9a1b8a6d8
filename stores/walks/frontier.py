"""What a walk can look like where it leaves one aisle for the next. Pure.

A shortest round through aisles is found from the first aisle to the last (Ratliff and Rosenthal,
"Order-picking in a rectangular warehouse", 1983; Roodbergen and de Koster, 2001, for two blocks).
Of the part that is decided only this matters for the rest: how often each crossing of the aisle is
met, even or odd, and which crossings hang together. That is a frontier, of which there are few.
"""

from __future__ import annotations

from functools import cache
from itertools import product

# For each crossing: 0 where the walk does not come, else twice the number of its part, and one
# more where it is met an odd number of times.
Frontier = tuple[int, ...]

NOT, ONCE, TWICE, FROM_FRONT, FROM_BACK, FROM_BOTH = range(6)


def nowhere(crossings: int) -> Frontier:
    return (0,) * crossings


@cache
def meet(frontier: Frontier, crossing: int) -> Frontier:
    """Return the frontier whose walk comes by a crossing, and goes back where it came from."""
    if frontier[crossing]:
        return frontier
    return _numbered(_with(frontier, crossing, 2 * len(frontier) + 2))


@cache
def go_along(frontier: Frontier, stretch: int, manner: int) -> Frontier:
    """Return the frontier after a walk of the stretch between crossing `stretch` and the next."""
    near, far = stretch, stretch + 1
    if manner in (ONCE, TWICE, FROM_FRONT, FROM_BOTH):
        frontier = meet(frontier, near)
    if manner in (ONCE, TWICE, FROM_BACK, FROM_BOTH):
        frontier = meet(frontier, far)
    if manner not in (ONCE, TWICE):
        return frontier
    joined, other = frontier[near] // 2, frontier[far] // 2
    odd = 1 if manner == ONCE else 0
    parts = [2 * joined + each % 2 if each // 2 == other else each for each in frontier]
    parts[near] ^= odd
    parts[far] ^= odd
    return _numbered(tuple(parts))


@cache
def go_on(frontier: Frontier) -> tuple[tuple[tuple[int, ...], Frontier], ...]:
    """Return the ways to the next aisle: how often each cross aisle is walked, and the frontier.

    An odd crossing is left once, so that it becomes even; no part may stay behind alone.
    """
    choices = [(1,) if each % 2 else (0, 2) if each else (0,) for each in frontier]
    ways = []
    for times in product(*choices):
        after = tuple(
            2 * (each // 2) + often % 2 if often else 0
            for each, often in zip(frontier, times, strict=True)
        )
        if {each // 2 for each in after} - {0} == {each // 2 for each in frontier} - {0}:
            ways.append((times, _numbered(after)))
    return tuple(ways)


@cache
def is_round(frontier: Frontier) -> bool:
    """Say whether the walk is one round that can end here."""
    return not any(each % 2 for each in frontier) and len(set(frontier) - {0}) <= 1


def _with(frontier: Frontier, crossing: int, part: int) -> Frontier:
    return (*frontier[:crossing], part, *frontier[crossing + 1 :])


def _numbered(frontier: Frontier) -> Frontier:
    """Number the parts as they come, so that two frontiers that mean the same are equal."""
    numbers: dict[int, int] = {0: 0}
    for each in frontier:
        numbers.setdefault(each // 2, len(numbers))
    return tuple(2 * numbers[each // 2] + each % 2 for each in frontier)
