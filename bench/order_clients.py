"""Those who order: processes with threads, each thread one kept-alive connection of a client."""

from __future__ import annotations

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
from typing import Any

from environment import Environment

LOCATIONS, PROCESSES, BATCH = 20, 4, 100
LINES = (1, 1, 2, 2, 3, 5)
LONGEST = 1_800  # seconds until clients who do not come to an end are given up


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


@dataclass(frozen=True)
class Placed:
    took: float  # seconds from the first request to the last answer
    orders: int
    seconds: list[float]  # of each answer


class OrderClients:
    """The clients of a load, so many orders between them: begun, then waited for."""

    def __init__(self, environment: Environment, load: Load, *, skus: int, orders: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._results: Any = context.Queue()
        self._load, share = load, orders // load.batch // load.clients
        self._processes = [
            context.Process(
                target=_some,
                args=(
                    environment.port, environment.key, load, skus, share, random.randrange(2**31),
                    self._results,
                ),
            )
            for _ in range(PROCESSES)
        ]  # fmt: skip

    def begin(self) -> None:
        self._began = time.perf_counter()
        for process in self._processes:
            process.start()

    def are_busy(self) -> bool:
        return all(process.is_alive() for process in self._processes)

    def wait(self) -> Placed:
        """Wait for the last answer. Every order must have been taken."""
        parts = [self._results.get(timeout=LONGEST) for _ in self._processes]
        took = time.perf_counter() - self._began
        for process in self._processes:
            process.join()
        seconds = [second for part, _ in parts for second in part]
        answers: Counter[int] = sum((Counter(statuses) for _, statuses in parts), Counter())
        assert set(answers) <= {200, 201}, answers
        return Placed(took, len(seconds) * self._load.batch, seconds)


def _some(port: int, key: str, load: Load, skus: int, share: int, seed: int, results: Any) -> None:
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
