"""The fewest locations that together cover a goal, and of those the nearest.

A candidate is `(metres, priority, code, cover)`; `cover` and the goal are units per SKU, in one
order of SKUs, no cover exceeding the goal. Candidates come sorted, so the preferred ones first.
Sets of equal size compare by total metres, then total priority, then their codes.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from operator import ge

Candidate = tuple[int, int, str, list[int]]

# Candidates tried before the search accepts a good answer: some milliseconds at most,
# and enough to prove the answer for a dozen candidates or for any pair among seventy.
EFFORT = 2_500


class _OutOfEffort(Exception):
    pass


def fewest_locations(candidates: Sequence[Candidate], goal: list[int]) -> tuple[list[str], bool]:
    """Codes of the chosen set, preferred first, and whether it is proven to be the best.

    The candidates together must reach the goal. An empty goal is covered by no location.
    """
    if not any(goal):
        return [], True
    for candidate in candidates:
        if candidate[3] == goal:
            return [candidate[2]], True
    search = _Search(candidates, goal)
    try:
        search.run()
    except _OutOfEffort:
        # A set found before the limit was reached has the fewest locations; only its distance is
        # unproven. That still beats the greedy answer.
        return search.best or _greedy(candidates, goal), False
    return search.best, True


class _Search:
    """Depth-first over sets of growing size; the first size with an answer is the fewest."""

    def __init__(self, candidates: Sequence[Candidate], goal: list[int]) -> None:
        self.candidates = candidates
        self.goal = goal
        self.effort = EFFORT
        self.best: list[str] = []
        self.best_key: tuple[int, int, list[str]] | None = None
        # reach[n][i]: the most units of SKU i that any n locations could give.
        columns = zip(*(candidate[3] for candidate in candidates), strict=True)
        largest = [[0, *accumulate(sorted(column, reverse=True))] for column in columns]
        self.reach = [list(row) for row in zip(*largest, strict=True)]

    def run(self) -> None:
        size = 2
        while not self.best:
            if _reaches(self.reach[size], self.goal):
                self.descend(0, size, self.goal, 0, 0, [])
            size += 1

    def descend(
        self, start: int, places: int, left: list[int], metres: int, priority: int, set_: list[str]
    ) -> None:
        """Fill the set with `places` more candidates from `start` on; `left` is still to cover."""
        reach = self.reach[places - 1]
        for at in range(start, len(self.candidates) - places + 1):
            if self.effort == 0:
                raise _OutOfEffort
            self.effort -= 1
            here_metres, here_priority, code, cover = self.candidates[at]
            # Sorted candidates: nothing from here on can beat this bound.
            bound = (metres + places * here_metres, priority + places * here_priority)
            if self.best_key is not None and bound > self.best_key[:2]:
                return
            if places == 1:
                if _reaches(cover, left):
                    self.keep(metres + here_metres, priority + here_priority, [*set_, code])
                    return
                continue
            rest = _less(left, cover)
            if rest == left or not _reaches(reach, rest):
                continue
            self.descend(
                at + 1,
                places - 1,
                rest,
                metres + here_metres,
                priority + here_priority,
                [*set_, code],
            )

    def keep(self, metres: int, priority: int, codes: list[str]) -> None:
        key = (metres, priority, sorted(codes))
        if self.best_key is None or key < self.best_key:
            self.best, self.best_key = codes, key


def _greedy(candidates: Sequence[Candidate], goal: list[int]) -> list[str]:
    """Repeatedly take the location that covers most of the rest; then drop redundant ones."""
    left = goal
    pool = list(candidates)
    taken: list[Candidate] = []
    while any(left):
        best = max(pool, key=lambda candidate: _gain(candidate[3], left))  # ties: preferred first
        pool.remove(best)
        taken.append(best)
        left = _less(left, best[3])
    # A later location can make an earlier one redundant, which saves a parcel.
    for candidate in sorted(taken, reverse=True):
        others = [other for other in taken if other is not candidate]
        columns = zip(*(other[3] for other in others), strict=True)
        if others and _reaches([sum(column) for column in columns], goal):
            taken = others
    return [candidate[2] for candidate in sorted(taken)]


def _gain(cover: list[int], left: list[int]) -> int:
    return sum(map(min, cover, left))


def _less(left: list[int], cover: list[int]) -> list[int]:
    return [need - units if need > units else 0 for need, units in zip(left, cover, strict=True)]


def _reaches(units: Sequence[int], need: Sequence[int]) -> bool:
    return all(map(ge, units, need))
