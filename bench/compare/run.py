"""The same orders on OmniRetail and on its peers, by turns, and the race for the last units.

    .venv/bin/python bench/compare/run.py [--peers oscar tryton] [--orders N] [--rounds N]

Installs the peers from PyPI in var/compare, starts all with a PostgreSQL server each, and lets
the same clients order from one after the other. README.md says what is compared.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

BENCH = Path(__file__).resolve().parents[1]
sys.path.insert(1, str(BENCH))

from clients import ClientGroup, send  # noqa: E402
from endpoints import Endpoint, OurEndpoint, PeerEndpoint  # noqa: E402
from environment import Environment, cpu_of_machine  # noqa: E402
from peer import PeerEnvironment  # noqa: E402
from peers import PEERS  # noqa: E402
from race import BUYERS, UNITS, put_on_sale  # noqa: E402
from report import machine, percentile  # noqa: E402
from service import Service  # noqa: E402
from sides import OUR_STOCK, Side  # noqa: E402
from tables import print_loads, print_races  # noqa: E402

RESULT = BENCH / "results" / "compare.json"
LOCATIONS = 20
LOADS = {"1 line": (1,), "1 to 5 lines": (1, 1, 2, 2, 3, 5)}
WARMING = 320  # orders before the first round, for caches and plans
SETTLE = 2.0  # seconds after the last answer in which CPU still counts: events are told later


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--peers", nargs="*", choices=sorted(PEERS), default=sorted(PEERS))
    parser.add_argument("--skus", type=int, default=2_000)
    parser.add_argument("--orders", type=int, default=800, help="a load, side and round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--races", type=int, default=3)
    parser.add_argument("--clients", type=int, default=16)
    given = parser.parse_args()
    for name in given.peers:
        PEERS[name].install()
    with ExitStack() as stack:
        environment = stack.enter_context(Environment())
        environment.fill(skus=given.skus, locations=LOCATIONS)
        endpoint = OurEndpoint("OmniRetail", environment.port, environment.key)
        sides = [Side(endpoint, environment.cpu, environment.address, OUR_STOCK)]
        sides += [start(name, stack, given) for name in given.peers]
        result = {
            "given": vars(given),
            "machine": machine(),
            "databases": {side.name: side.settings() for side in sides},
            "loads": compare(sides, given),
            "races": race(sides, Service(environment.url, environment.key), given.races),
        }
    RESULT.write_text(json.dumps(result, indent=1) + "\n")


def start(name: str, stack: ExitStack, given: argparse.Namespace) -> Side:
    peer = PEERS[name]
    environment = stack.enter_context(
        PeerEnvironment(peer, products=given.skus, races=2 * given.races, units=UNITS)
    )
    endpoint = PeerEndpoint(peer.name, environment.port, peer.path)
    return Side(endpoint, environment.cpu, environment.address, peer.stock, peer.one_in)


def compare(sides: list[Side], given: argparse.Namespace) -> dict[str, Any]:
    """Place the same orders on all by turns; return every round, by load and side."""
    rounds: dict[str, Any] = {load: {side.name: [] for side in sides} for load in LOADS}

    def order(side: Side, lines: tuple[int, ...], orders: int) -> dict[str, Any]:
        share = max(1, orders // given.clients // side.one_in)
        return measure(side, ClientGroup(given.clients, share, lines, given.skus), idle=sides[0])

    for side in sides:
        order(side, (1, 3), WARMING)
    for _ in range(given.rounds):
        for load, lines in LOADS.items():
            for side in sides:
                rounds[load][side.name].append(order(side, lines, given.orders))
    print_loads(rounds)
    return rounds


def measure(side: Side, group: ClientGroup, *, idle: Side) -> dict[str, Any]:
    """Let the group order from one side; return what an order took, in time and in ms of CPU."""
    load_average = machine()["load_average"]
    before, all_before, idle_before = side.cpu(), cpu_of_machine(), idle.cpu()
    began = time.perf_counter()
    outcome = send(side.endpoint, group)
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
        # What else kept the machine busy: ours, idle beside theirs, and other processes.
        "idle_side_cores": 0.0 if side is idle else idle_used.sum / window,
        "other_cores": (all_used - used.sum - outcome.clients_cpu) / window,
        "load_average": load_average,
    }


def race(sides: list[Side], service: Service, races: int) -> list[dict[str, Any]]:
    """Let 200 buyers go for 50 units at each endpoint by turns; return what came of each race."""
    found = []
    for number in range(races):
        put_on_sale(service, f"RACE-{number}")
        for side in sides:
            endpoint: Endpoint = side.endpoint
            if isinstance(endpoint, OurEndpoint):
                endpoint = replace(endpoint, channel="race")
            found.append(run_race(side, endpoint, f"RACE-{number}"))
            if isinstance(endpoint, PeerEndpoint) and endpoint.name == PEERS["oscar"].name:
                locked = PeerEndpoint(
                    f"{endpoint.name}, locked by us", endpoint.port, f"{endpoint.path}/locked"
                )
                found.append(run_race(side, locked, f"RACE-{races + number}"))
    print_races(found)
    return found


def run_race(side: Side, endpoint: Endpoint, sku: str) -> dict[str, Any]:
    outcome = send(endpoint, ClientGroup(BUYERS, share=1, sku=sku))
    sold, refused = outcome.answers["201"], outcome.answers["409"]
    return {
        "side": endpoint.name,
        "sold": sold,
        "refused": refused,
        "errors": BUYERS - sold - refused,
        "answers": dict(outcome.answers),
        "turned_away": outcome.turned_away,
        "seconds": outcome.took,
        **side.stock_of(sku),
    }


if __name__ == "__main__":
    main()
