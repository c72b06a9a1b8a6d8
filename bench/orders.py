"""What one order costs over HTTP: CPU of web and database, WAL, orders a second.

    .venv/bin/python bench/orders.py [--skus N] [--orders N] [--rounds N]

Starts the service in an environment of its own (an empty folder, a free port), opens N SKUs at 20
locations, and places orders of 1 to 5 lines through the API as a shop would: authentication,
Idempotency-Key, customer and address with each. The loads take turns; a figure is the median of
the rounds. CPU is read from the operating system, WAL from PostgreSQL. Rates depend on the
machine: look at the CPU and at the ratios, also to the bare minimum (baseline.py),
which takes its turn.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from statistics import median
from typing import Any

from baseline import CLIENTS, Baseline
from environment import Environment
from order_clients import LOADS, LOCATIONS, Load, OrderClients
from report import machine, percentile

RESULT = Path(__file__).resolve().parent / "results" / "orders.json"
FLOOR = f"bare floor, {CLIENTS} clients"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--skus", type=int, default=100_000)
    parser.add_argument("--orders", type=int, default=3_200, help="a load and round")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    runs: dict[str, list[dict[str, Any]]] = {load.name: [] for load in LOADS} | {FLOOR: []}
    before = machine()
    with Environment() as environment:
        environment.fill(skus=given.skus, locations=LOCATIONS)
        baseline = Baseline(environment, rows=given.skus * LOCATIONS)
        measure(environment, LOADS[1], given.skus, 3_200)  # warms caches and plans
        for _ in range(given.rounds):
            for load in LOADS:
                runs[load.name].append(measure(environment, load, given.skus, given.orders))
            runs[FLOOR].append(baseline.measure(seconds=8))
    report(runs)
    found = {"given": vars(given), "before": before, "after": machine(), "runs": runs}
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(found, indent=1) + "\n")


def measure(environment: Environment, load: Load, skus: int, orders: int) -> dict[str, Any]:
    """Place so many orders in one way; return what it took an order."""
    clients = OrderClients(environment, load, skus=skus, orders=orders)
    cpu, wal = environment.cpu(), environment.wal()
    clients.begin()
    placed = clients.wait()
    used, written = environment.cpu().since(cpu), environment.wal() - wal
    return {
        "orders": placed.orders,
        "per_second": placed.orders / placed.took,
        "p50_ms": 1_000 * percentile(placed.seconds, 0.5),
        "p99_ms": 1_000 * percentile(placed.seconds, 0.99),
        "web_ms": 1_000 * used.web / placed.orders,
        "database_ms": 1_000 * used.database / placed.orders,
        "wal_bytes": written / placed.orders,
    }


def report(runs: dict[str, list[dict[str, Any]]]) -> None:
    """Print the medians, and what the targets compare."""
    columns = ("per_second", "p50_ms", "p99_ms", "web_ms", "database_ms", "wal_bytes")
    print(f"{'load':<26}" + "".join(f"{name:>13}" for name in columns))
    medians = {
        name: {column: median(each.get(column, 0) for each in rounds) for column in columns}
        for name, rounds in runs.items()
    }
    for name, figures in medians.items():
        print(f"{name:<26}" + "".join(f"{figures[column]:>13,.2f}" for column in columns))
    _, spread, hot, batch = (medians[load.name] for load in LOADS)
    floor = medians[FLOOR]
    for what, one, other in (
        ("32 clients beside the floor, rate", spread, floor),
        ("one hot SKU beside spread, rate", hot, spread),
        ("batch beside 32 clients, rate", batch, spread),
    ):
        print(f"{what}: {one['per_second'] / other['per_second']:.2f}")
    print(
        f"batch beside the floor, database CPU: {batch['database_ms'] / floor['database_ms']:.2f}"
    )
    print(f"one hot SKU, p99 beside p50: {hot['p99_ms'] / hot['p50_ms']:.1f}")


if __name__ == "__main__":
    main()
