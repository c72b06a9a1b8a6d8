"""The same orders on OmniRetail and on django-oscar, by turns, and the race for the last units.

    .venv/bin/python bench/compare/run.py [--orders N] [--rounds N] [--races N]

Installs django-oscar from PyPI in var/compare, starts both with a PostgreSQL server each, and
lets the same clients order from one, then from the other. README.md says what is compared.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

BENCH = Path(__file__).resolve().parents[1]
sys.path.insert(1, str(BENCH))

from clients import Crowd, send  # noqa: E402
from doors import Door, OscarDoor, OurDoor  # noqa: E402
from ground import Ground, cpu_of_machine  # noqa: E402
from peer import OscarShop, make_environment  # noqa: E402
from race import BUYERS, UNITS, put_on_sale  # noqa: E402
from report import machine, percentile  # noqa: E402
from service import Service  # noqa: E402
from sides import OSCAR_STOCK, OUR_STOCK, Side  # noqa: E402
from tables import print_loads, print_races  # noqa: E402

RESULT = BENCH / "results" / "compare.json"
LOCATIONS = 20
LOADS = {"1 line": (1,), "1 to 5 lines": (1, 1, 2, 2, 3, 5)}
SETTLE = 2.0  # seconds after the last answer in which CPU still counts: events are told later


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--skus", type=int, default=20_000)
    parser.add_argument("--orders", type=int, default=1_600, help="a load, side and round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--races", type=int, default=5)
    parser.add_argument("--clients", type=int, default=16)
    given = parser.parse_args()
    make_environment()
    peer = OscarShop(products=given.skus, races=2 * given.races, units=UNITS)
    with Ground() as ground, peer as shop:
        ground.fill(skus=given.skus, locations=LOCATIONS)
        door = OurDoor(ground.port, ground.key)
        ours = Side(door, ground.cpu, ground.address, OUR_STOCK)
        theirs = Side(OscarDoor(shop.port), shop.cpu, shop.address, OSCAR_STOCK)
        result = {
            "given": vars(given),
            "machine": machine(),
            "databases": {side.name: side.settings() for side in (ours, theirs)},
            "loads": compare(ours, theirs, given),
            "races": race(
                {
                    replace(door, channel="race"): ours,
                    theirs.door: theirs,
                    OscarDoor(shop.port, "/orders/locked", "django-oscar, locked by us"): theirs,
                },
                Service(ground.url, ground.key),
                given.races,
            ),
        }
    RESULT.write_text(json.dumps(result, indent=1) + "\n")


def compare(ours: Side, theirs: Side, given: argparse.Namespace) -> dict[str, Any]:
    """Place the same orders on both by turns; return every round, by load and side."""
    sides = (ours, theirs)
    rounds: dict[str, Any] = {load: {side.name: [] for side in sides} for load in LOADS}
    for side in sides:  # warms caches and plans
        measure(side, Crowd(given.clients, 320 // given.clients, (1, 3), given.skus), idle=ours)
    for _ in range(given.rounds):
        for load, lines in LOADS.items():
            crowd = Crowd(given.clients, given.orders // given.clients, lines, given.skus)
            for side in sides:
                rounds[load][side.name].append(measure(side, crowd, idle=ours))
    print_loads(rounds)
    return rounds


def measure(side: Side, crowd: Crowd, *, idle: Side) -> dict[str, Any]:
    """Let the crowd order from one side; return what an order took, in time and in ms of CPU."""
    load_average = machine()["load_average"]
    before, all_before, idle_before = side.cpu(), cpu_of_machine(), idle.cpu()
    began = time.perf_counter()
    outcome = send(side.door, crowd)
    time.sleep(SETTLE)
    used, idle_used = side.cpu().since(before), idle.cpu().since(idle_before)
    all_used, window = cpu_of_machine() - all_before, time.perf_counter() - began
    placed = outcome.answers["201"]
    return {
        "placed": placed,
        "answers": dict(outcome.answers),
        "turned_away": outcome.turned_away,
        "per_second": placed / outcome.took,
        "p50_ms": 1_000 * percentile(outcome.seconds, 0.5),
        "p99_ms": 1_000 * percentile(outcome.seconds, 0.99),
        "web_ms": 1_000 * used.web / placed,
        "database_ms": 1_000 * used.database / placed,
        "behind_ms": 1_000 * used.behind / placed,
        "cpu_ms": 1_000 * used.sum / placed,
        # What else kept the machine busy: ours, idle beside theirs, and everybody else.
        "idle_side_cores": 0.0 if side is idle else idle_used.sum / window,
        "other_cores": (all_used - used.sum - outcome.clients_cpu) / window,
        "load_average": load_average,
    }


def race(doors: dict[Door, Side], service: Service, races: int) -> list[dict[str, Any]]:
    """Let 200 buyers go for 50 units at each door by turns; return what came of each race."""
    found = []
    for number in range(races):
        put_on_sale(service, f"RACE-{number}")
        for door, side in doors.items():
            # The same shelf is behind both doors of theirs: each has half of its SKUs.
            locked = isinstance(door, OscarDoor) and door != side.door
            sku = f"RACE-{number + races * locked}"
            outcome = send(door, Crowd(BUYERS, share=1, sku=sku))
            sold, refused = outcome.answers["201"], outcome.answers["409"]
            found.append(
                {
                    "side": door.name,
                    "sold": sold,
                    "refused": refused,
                    "errors": BUYERS - sold - refused,
                    "answers": dict(outcome.answers),
                    "turned_away": outcome.turned_away,
                    "seconds": outcome.took,
                    **side.stock_of(sku),
                }
            )
    print_races(found)
    return found


if __name__ == "__main__":
    main()
