"""What asking for availability costs: 50 SKUs at 20 locations, beside the bare SQL.

    .venv/bin/python bench/availability.py [--skus N] [--reads N] [--rounds N] [--orders N]

Starts the service in an environment of its own, opens N SKUs at 20 locations, and takes turns with

- `totals`: the bare SQL, `GROUP BY` over the 50 x 20 rows, prepared, by a psycopg client that
  does nothing else; so is `rows`, which fetches a figure for each of the 1,000 rows, as the
  answer of the service tells one. Their CPU is that of PostgreSQL; the client's stands beside it.
- `request`: `POST /api/v1/availability/query` for as many, on one connection; its CPU is that of
  the web processes and PostgreSQL.

Then the read's latency alone and while 16 clients place orders, beside two controls under the
same load: the bare SQL, and as much plain CPU as the read takes, burned in a process of its own.
`slower` is latency under load divided by latency alone: what the read suffers beyond the
controls, it suffers from the service and not from the machine being busy.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
from environment import Environment
from order_clients import Load, OrderClients
from report import machine, percentile

RESULT = Path(__file__).resolve().parent / "results" / "availability.json"
LOCATIONS, ASKED, WRITERS = 20, 50, Load("16 clients", 16)
TOTALS = """
SELECT k.code, sum(s.on_hand - s.reserved - s.unavailable - s.safety_stock)
FROM inventory_sku k JOIN inventory_stock s ON s.sku_id = k.id
WHERE k.code = ANY(%s::text[]) GROUP BY k.code
"""
ROWS = """
SELECT k.code, s.location_id, sum(s.on_hand - s.reserved - s.unavailable - s.safety_stock)
FROM inventory_sku k JOIN inventory_stock s ON s.sku_id = k.id
WHERE k.code = ANY(%s::text[]) GROUP BY k.code, s.location_id
"""
Read = Callable[[list[str]], None]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--skus", type=int, default=20_000)
    parser.add_argument("--reads", type=int, default=1_000, help="a way and round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--orders", type=int, default=1_600, help="placed beside the reads, a way")
    given = parser.parse_args()
    costs: dict[str, list[dict[str, float]]] = {name: [] for name in ("totals", "rows", "request")}
    waits: dict[str, list[dict[str, float]]] = {name: [] for name in ("rows", "request", "burn")}
    about = {"given": vars(given), "machine": machine()}
    with Environment() as environment, environment.connect() as connection:
        environment.fill(skus=given.skus, locations=LOCATIONS)
        ways: dict[str, Read] = {
            "totals": bare(connection, TOTALS),
            "rows": bare(connection, ROWS),
            "request": asking(environment),
        }
        for read in ways.values():  # warms caches, plans, threads
            cost(environment, read, given.skus, 200)
        for _ in range(given.rounds):
            for name, read in ways.items():
                costs[name].append(cost(environment, read, given.skus, given.reads))
        burned = median(each["cpu_ms"] for each in costs["request"]) / 1_000
        beside = {"rows": ways["rows"], "request": ways["request"], "burn": burner(burned)}
        for _ in range(min(3, given.rounds)):
            for name, read in beside.items():
                waits[name].append(wait(environment, read, given))
    report(costs, waits, about)


def bare(connection: psycopg.Connection, text: str) -> Read:
    def read(codes: list[str]) -> None:
        with connection.cursor() as cursor:
            assert len(cursor.execute(text, [codes], prepare=True).fetchall()) >= ASKED

    return read


def asking(environment: Environment) -> Read:
    """Return a shop's site that shows a page of products, asking on one kept connection."""
    connection = http.client.HTTPConnection("127.0.0.1", environment.port)
    asked = [0.0]
    headers = {"Authorization": f"Bearer {environment.key}", "Content-Type": "application/json"}

    def read(codes: list[str]) -> None:
        lines = [{"sku": code, "quantity": 1} for code in codes]
        body = json.dumps({"channel": "web", "lines": lines}).encode()
        if time.monotonic() - asked[0] > 5:
            connection.close()  # the server may have: it is opened again
        connection.request("POST", "/api/v1/availability/query", body, headers)
        answer = connection.getresponse()
        content = answer.read()
        asked[0] = time.monotonic()
        assert answer.status == 200, content
        assert content.count(b'"pickup"') >= ASKED, content

    return read


def burner(seconds: float) -> Read:
    """Return what takes so many seconds of CPU in this process and waits for no other."""

    def read(codes: list[str]) -> None:
        end = time.thread_time() + seconds
        while time.thread_time() < end:
            pass

    return read


def codes_of(chance: random.Random, skus: int) -> list[str]:
    return [f"K{number}" for number in chance.sample(range(skus), ASKED)]


def cost(environment: Environment, read: Read, skus: int, times: int) -> dict[str, float]:
    """Return the CPU of one read in milliseconds, of the client that reads too."""
    chance = random.Random(times)
    asked = [codes_of(chance, skus) for _ in range(times)]
    cpu, mine = environment.cpu(), time.process_time()
    for codes in asked:
        read(codes)
    client, used = time.process_time() - mine, environment.cpu().since(cpu)
    return {
        "web_ms": 1_000 * used.web / times,
        "database_ms": 1_000 * used.database / times,
        "cpu_ms": 1_000 * (used.web + used.database) / times,
        "client_ms": 1_000 * client / times,
    }


def wait(environment: Environment, read: Read, given: argparse.Namespace) -> dict[str, float]:
    """Return how long a read takes alone, and while others place orders; milliseconds."""
    alone = latencies(read, given.skus, until=lambda count: count >= 200)
    writers = OrderClients(environment, WRITERS, skus=given.skus, orders=given.orders)
    writers.begin()
    time.sleep(1.5)  # until the writers have started
    busy = latencies(read, given.skus, until=lambda count: not writers.are_busy())
    writers.wait()
    return {
        "alone_p50_ms": 1_000 * percentile(alone, 0.5),
        "loaded_p50_ms": 1_000 * percentile(busy, 0.5),
        "loaded_p99_ms": 1_000 * percentile(busy, 0.99),
        "slower": percentile(busy, 0.5) / percentile(alone, 0.5),
        "reads": len(busy),
    }


def latencies(read: Read, skus: int, *, until: Callable[[int], bool]) -> list[float]:
    chance, seconds = random.Random(1), []
    while not until(len(seconds)):
        codes = codes_of(chance, skus)
        began = time.perf_counter()
        read(codes)
        seconds.append(time.perf_counter() - began)
        time.sleep(0.005)  # a reader, not a load of its own
    return seconds


def report(
    costs: dict[str, list[dict[str, float]]],
    waits: dict[str, list[dict[str, float]]],
    about: dict[str, Any],
) -> None:
    """Print the medians, and keep every round."""
    for rounds in (costs, waits):
        columns = list(next(iter(rounds.values()))[0])
        print(f"{'':<10}" + "".join(f"{name:>16}" for name in columns))
        for name, runs in rounds.items():
            figures = [median(each[column] for each in runs) for column in columns]
            print(f"{name:<10}" + "".join(f"{figure:>16,.2f}" for figure in figures))
    for name in ("totals", "rows"):
        ratios = [
            request["cpu_ms"] / sql["database_ms"]
            for request, sql in zip(costs["request"], costs[name], strict=True)
        ]
        print(f"request / {name}: {median(ratios):.2f}")
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(about | {"costs": costs, "waits": waits}, indent=1) + "\n")


if __name__ == "__main__":
    main()
