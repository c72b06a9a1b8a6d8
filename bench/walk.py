"""How long the walks of pick lists are, and what it costs to find the shortest.

    .venv/bin/python bench/walk.py [--lists N] [--seed N] [FILE]

Without a file, random lists in a building of ten aisles, one and two blocks: the shortest walk
beside S-shape (through every aisle with goods) and the nearest bin each time, and waves of orders
grouped by their turns and by their aisles. FILE is a CSV (also .gz) with columns `stops`
(`side:cell` pairs, two sides an aisle, 45 cells a metre apart) and `optimal`, the proven length.

Each walk is added up again from its spots, so a length that is only claimed would show. Exits with
1 when a walk is longer than its optimum.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import random
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from stores.walks.grouping import group_by_aisles
from stores.walks.layout import Layout, Spot
from stores.walks.shortest import shortest_walk

ONE_BLOCK = Layout(aisle_length=47.0, aisle_gap=5.0)
TWO_BLOCKS = Layout(aisle_length=47.0, aisle_gap=5.0, middle=23.5)
AISLES, CELLS, FIRST_CELL = 10, 45, 1.5
Order = Sequence[Spot]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", nargs="?", type=Path, help="lists with their optimum")
    parser.add_argument("--lists", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    if given.file is not None:
        return compare_with_optimum(given.file)
    chance = random.Random(given.seed)
    for name, layout in (("one block", ONE_BLOCK), ("two blocks", TWO_BLOCKS)):
        lists = [random_list(chance, chance.randint(5, 40)) for _ in range(given.lists)]
        show(name, layout, lists)
    show_waves(chance)
    return 0


def compare_with_optimum(path: Path) -> int:
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as file:
        rows = list(csv.DictReader(file))
    lists = [[read_stop(stop) for stop in row["stops"].split()] for row in rows]
    lengths = show("lists of the file", ONE_BLOCK, lists)
    longer = sum(
        abs(metres - float(row["optimal"])) > 1e-6
        for metres, row in zip(lengths, rows, strict=True)
    )
    print(f"{len(rows)} lists, {longer} differ from the proven optimum")
    return 1 if longer else 0


def read_stop(text: str) -> Spot:
    side, cell = text.split(":")
    return Spot(int(side) // 2, int(cell) + FIRST_CELL)


def random_list(chance: random.Random, stops: int) -> list[Spot]:
    return [
        Spot(chance.randrange(AISLES), chance.randrange(CELLS) + FIRST_CELL) for _ in range(stops)
    ]


def show(name: str, layout: Layout, lists: Iterable[list[Spot]]) -> list[float]:
    """Print how much longer than the shortest the simple rules are; return the shortest lengths."""
    taken, walks, simple = [], [], dict.fromkeys(RULES, 0.0)
    for spots in lists:
        began = time.process_time()
        walk = shortest_walk(layout, spots)
        taken.append((time.process_time() - began) * 1_000)
        walks.append(length(layout, walk.spots))
        for rule, order in RULES.items():
            simple[rule] += length(layout, order(layout, spots))
    total = sum(walks)
    print(f"{name}: {len(walks)} lists, {total / len(walks):,.0f} m each")
    for rule, metres in simple.items():
        print(f"  {rule:<20} {metres / total - 1:>7.1%} longer")
    ordered = sorted(taken)
    print(
        f"  CPU a list: mean {sum(taken) / len(taken):.2f} ms,"
        f" p99 {ordered[int(len(ordered) * 0.99)]:.2f} ms"
    )
    return walks


def show_waves(chance: random.Random) -> None:
    """Print what a wave of 480 orders is walked in, lists of 12, by turns and by aisles."""
    orders = [random_list(chance, chance.choice((1, 1, 2, 3))) for _ in range(480)]
    groups = {
        "by their turns": [list(range(at, at + 12)) for at in range(0, len(orders), 12)],
        "by their aisles": group_by_aisles([{spot.aisle for spot in each} for each in orders], 12),
    }
    print("a wave of 480 orders, 12 a list")
    for name, lists in groups.items():
        metres = sum(
            shortest_walk(ONE_BLOCK, [spot for n in part for spot in orders[n]]).metres
            for part in lists
        )
        print(f"  {name:<20} {metres:,.0f} m")


def length(layout: Layout, order: Order) -> float:
    round_trip = (layout.start, *order, layout.start)
    return sum(layout.distance(a, b) for a, b in pairwise(round_trip))


def s_shape(layout: Layout, spots: Order) -> Order:
    """Up one aisle with goods, down the next; out of the last as one came, if that is shorter."""
    order: list[Spot] = []
    aisles = sorted({spot.aisle for spot in spots})
    for turn, aisle in enumerate(aisles):
        goes_up = turn % 2 == 0
        there = sorted({spot for spot in spots if spot.aisle == aisle}, reverse=not goes_up)
        front, back = Spot(aisle, 0.0), Spot(aisle, layout.aisle_length)
        order += [front if goes_up else back, *there]
        if aisle != aisles[-1]:
            order.append(back if goes_up else front)
    return order


def nearest_bin(layout: Layout, spots: Order) -> Order:
    left, here, order = set(spots), layout.start, []
    while left:
        here = min(sorted(left), key=lambda spot: layout.distance(here, spot))
        left.remove(here)
        order.append(here)
    return order


RULES: dict[str, Callable[[Layout, Order], Order]] = {
    "S-shape": s_shape,
    "nearest bin": nearest_bin,
}

if __name__ == "__main__":
    sys.exit(main())
