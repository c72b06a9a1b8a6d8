"""Orders for one SKU at growing rates: how long they wait, placed as sets or one by one.

    .venv/bin/python bench/hot_sku_simulation.py [--a MS] [--b MS] [--hold MS] [--set N]

No service, no clock: arrivals are a Poisson process, and one queue stands before the row. As sets,
up to N orders that wait are placed together in a + b * n ms. One order a commit, each holds the
row's lock for `hold` ms, commit included; what it does before the lock is not in its way. A wait
is from arrival to commit. Give measured service times; the defaults are the
least seen of sets of 1 and of 64 orders for one SKU (4.6 and 62.9 ms).
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

SHARES = (0.1, 0.25, 0.5, 0.7, 0.8, 0.9, 0.95, 1.05)  # of what the way can do at most

Serve = Callable[[int], float]  # how many orders, to the milliseconds that they take


@dataclass(frozen=True)
class Way:
    """A way of placing: how many orders at once at most, and how long so many take."""

    name: str
    most: int
    serve: Serve

    @property
    def capacity(self) -> float:
        """Return the orders a second when there are always enough waiting."""
        return 1_000 * self.most / self.serve(self.most)


@dataclass(frozen=True)
class Waits:
    p50: float
    p99: float
    mean_set: float


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--a", type=float, default=3.7, help="ms a set takes whatever its size")
    parser.add_argument("--b", type=float, default=0.9, help="ms that each order of it adds")
    parser.add_argument("--hold", type=float, help="ms that one order holds the row (a + b)")
    parser.add_argument("--set", type=int, default=64, help="orders in a set at most")
    parser.add_argument("--orders", type=int, default=200_000, help="simulated at each rate")
    given = parser.parse_args()
    hold = given.a + given.b if given.hold is None else given.hold
    ways = (
        Way(f"sets of up to {given.set}", given.set, lambda n: given.a + given.b * n),
        Way("one order a commit", 1, lambda n: hold),
    )
    print(f"a = {given.a} ms, b = {given.b} ms, hold = {hold:g} ms; {given.orders:,} orders a rate")
    rates = sorted({share * way.capacity for way in ways for share in SHARES})
    for way in ways:
        print(f"\n{way.name}: saturated at {way.capacity:,.0f} orders a second")
        print(f"{'orders/s':>10}{'of capacity':>13}{'p50 ms':>10}{'p99 ms':>10}{'mean set':>10}")
        for rate in rates:
            if rate <= 1.2 * way.capacity:
                print_row(way, rate, simulate(way, rate, given.orders))


def print_row(way: Way, rate: float, waits: Waits) -> None:
    figures = f"{waits.p50:>10,.1f}{waits.p99:>10,.1f}"
    if rate >= way.capacity:
        figures = f"{'ever longer':>20}"  # its percentiles would tell how long the run was
    print(f"{rate:>10,.0f}{rate / way.capacity:>13.0%}{figures}{waits.mean_set:>10.1f}")


def simulate(way: Way, rate: float, orders: int) -> Waits:
    """Let so many orders arrive at a rate a second; the same seed gives the same arrivals."""
    times = list(arrivals(rate, orders))
    waits: list[float] = []
    free, first, sets = 0.0, 0, 0
    while first < orders:
        begin = max(free, times[first])
        last = first
        while last < orders and last - first < way.most and times[last] <= begin:
            last += 1
        free = begin + way.serve(last - first)
        waits += [free - time for time in times[first:last]]
        first, sets = last, sets + 1
    ordered = sorted(waits)
    p50, p99 = (ordered[int(share * orders)] for share in (0.5, 0.99))
    return Waits(p50, p99, orders / sets)


def arrivals(rate: float, orders: int) -> Iterator[float]:
    chance = random.Random(1)
    now = 0.0
    for _ in range(orders):
        now += chance.expovariate(rate / 1_000)
        yield now


if __name__ == "__main__":
    main()
