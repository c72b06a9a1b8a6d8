"""Orders whose walks lie together. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

WINDOW = 20  # groups that an order may be taken ahead of its turn


def group_by_aisles(aisles: Sequence[Collection[int]], size: int) -> list[list[int]]:
    """Divide orders, each given by its aisles, into groups of `size`; return their indexes.

    Each group begins with the first order that is left, so that none waits for ever, and takes
    again and again the one that adds the fewest aisles, and among these the one that keeps the
    group closest together.
    """
    masks = [_mask(each) for each in aisles]
    left = list(range(len(masks)))
    groups = []
    while left:
        group = [left.pop(0)]
        walked = masks[group[0]]
        while left and len(group) < size:
            near = min(left[: WINDOW * size], key=lambda n: _adds(walked, masks[n]))
            left.remove(near)
            group.append(near)
            walked |= masks[near]
        groups.append(sorted(group))
    return groups


def _adds(walked: int, mask: int) -> tuple[int, int]:
    """Return how many aisles come on top, and how many lie from the first to the last of all."""
    both = walked | mask
    return (mask & ~walked).bit_count(), both.bit_length() - (both & -both).bit_length()


def _mask(aisles: Collection[int]) -> int:
    mask = 0
    for aisle in aisles:
        mask |= 1 << aisle
    return mask
