"""What one order costs over HTTP: CPU of web and database, WAL, orders a second.

    .venv/bin/python bench/orders.py [--skus N] [--orders N] [--rounds N]

Starts the service on a ground of its own (an empty folder, a free port), opens N SKUs at 20
locations, and places orders of 1 to 5 lines through the API as a shop would: authentication,
Idempotency-Key, customer and address with each. The loads take turns; a figure is the median of
the rounds. CPU is read from the operating system, WAL from PostgreSQL. Rates depend on the
machine: look at the CPU and at the ratios, also to the bare floor (bare.py), which takes its turn.
"""

from __future__ import annotations

import argparse
import http.client
import json
import multiprocessing
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bare import CLIENTS, Bare
from ground import Ground
from report import machine, percentile

RESULT = Path(__file__).resolve().parent / "results" / "orders.json"
LOCATIONS, PROCESSES, BATCH = 20, 4, 100
LINES = (1, 1, 2, 2, 3, 5)
FLOOR = f"bare floor, {CLIENTS} clients"


@dataclass(frozen=True)
class Load:
    """A way of ordering: how many clients, whether all want one SKU, orders a request."""

    name: str
    clients: int
    hot: bool = False
    batch: int = 1


LOADS = (
    Load("8 clients", 8),
    Load("32 clients", 32),
    Load("32 clients, one hot SKU", 32, hot=True),
    Load(f"4 clients, {BATCH} a batch", 4, batch=BATCH),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--skus", type=int, default=100_000)
    parser.add_argument("--orders", type=int, default=3_200, help="a load and round")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    runs: dict[str, list[dict[str, Any]]] = {load.name: [] for load in LOADS} | {FLOOR: []}
    before = machine()
    with Ground() as ground:
        ground.fill(skus=given.skus, locations=LOCATIONS)
        bare = Bare(ground, rows=given.skus * LOCATIONS)
        measure(ground, LOADS[1], given.skus, 3_200)  # warms caches and plans
        for _ in range(given.rounds):
            for load in LOADS:
                runs[load.name].append(measure(ground, load, given.skus, given.orders))
            runs[FLOOR].append(bare.measure(seconds=8))
    report(runs)
    found = {"given": vars(given), "before": before, "after": machine(), "runs": runs}
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(found, indent=1) + "\n")


def measure(ground: Ground, load: Load, skus: int, orders: int) -> dict[str, Any]:
    """Place so many orders in one way; return what it took an order."""
    context = multiprocessing.get_context("spawn")
    results: Any = context.Queue()
    share = orders // load.batch // load.clients
    processes = [
        context.Process(
            target=crowd,
            args=(ground.port, ground.key, load, skus, share, random.randrange(2**31), results),
        )
        for _ in range(PROCESSES)
    ]
    cpu, wal, began = ground.cpu(), ground.wal(), time.perf_counter()
    for process in processes:
        process.start()
    parts = [results.get(timeout=900) for _ in processes]
    took = time.perf_counter() - began
    for process in processes:
        process.join()
    used, written = ground.cpu().since(cpu), ground.wal() - wal
    seconds = [second for part, _ in parts for second in part]
    answers: Counter[int] = sum((Counter(statuses) for _, statuses in parts), Counter())
    assert set(answers) <= {200, 201}, answers
    placed = len(seconds) * load.batch
    return {
        "orders": placed,
        "per_second": placed / took,
        "p50_ms": 1_000 * percentile(seconds, 0.5),
        "p99_ms": 1_000 * percentile(seconds, 0.99),
        "web_ms": 1_000 * used.web / placed,
        "database_ms": 1_000 * used.database / placed,
        "wal_bytes": written / placed,
    }


def crowd(port: int, key: str, load: Load, skus: int, share: int, seed: int, results: Any) -> None:
    """Be some of the clients, each in a thread with a connection of its own."""
    seconds: list[float] = []
    statuses: list[int] = []

    def client(number: int) -> None:
        chance = random.Random(seed + number)
        connection = http.client.HTTPConnection("127.0.0.1", port)
        for _ in range(share):
            address, body = request_of(load, chance, skus)
            headers = {
                "Authorization": f"Bearer {key}",
                "Content-Type": "application/json",
                "Idempotency-Key": uuid.uuid4().hex,
            }
            began = time.perf_counter()
            connection.request("POST", address, body, headers)
            answer = connection.getresponse()
            answer.read()
            seconds.append(time.perf_counter() - began)
            statuses.append(answer.status)

    run_threads(client, load.clients // PROCESSES)
    results.put((seconds, statuses))


def run_threads(client: Callable[[int], None], count: int) -> None:
    threads = [threading.Thread(target=client, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def request_of(load: Load, chance: random.Random, skus: int) -> tuple[str, bytes]:
    if load.batch == 1:
        return "/api/v1/orders", json.dumps(order(load, chance, skus)).encode()
    orders = [order(load, chance, skus) for _ in range(load.batch)]
    return "/api/v1/orders/batch", json.dumps({"orders": orders}).encode()


def order(load: Load, chance: random.Random, skus: int) -> dict[str, Any]:
    count = chance.choice(LINES)
    return {
        "channel": "web",
        "external_id": uuid.uuid4().hex,
        "currency": "GBP",
        "customer": {"email": f"c{chance.randrange(10_000)}@example.org", "name": "A customer"},
        "ship_to": {
            "line1": "1 Road", "city": "London", "postal_code": "SW1A 1AA", "country": "GB",
            "latitude": 51.5, "longitude": -0.1,
        },
        "lines": [
            {
                "line_id": str(n),
                "sku": "K0" if load.hot and n == 0 else f"K{chance.randrange(1, skus)}",
                "quantity": 1,
                "unit_price": "9.99",
            }
            for n in range(count)
        ],
    }  # fmt: skip


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
