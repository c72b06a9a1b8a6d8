"""Clients of either side: processes with threads, each thread one kept-alive connection."""

from __future__ import annotations

import http.client
import multiprocessing
import random
import resource
import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from endpoints import Endpoint, Line

PROCESSES = 4
LONGEST = 1_800  # seconds until a group, or an answer, that does not come is given up
PATIENCE = 100  # times that a client which is turned away comes again


@dataclass(frozen=True)
class ClientGroup:
    """`clients` at once, `share` orders each; of `sku` alone, or spread over so many SKUs."""

    clients: int
    share: int
    lines: tuple[int, ...] = (1,)  # an order has one of these numbers of lines
    skus: int = 0
    sku: str = ""

    def order(self, chance: random.Random) -> list[Line]:
        if self.sku:
            return [(self.sku, 1)]
        count = chance.choice(self.lines)
        return [(f"K{number}", 1) for number in chance.sample(range(self.skus), count)]


@dataclass(frozen=True)
class Outcome:
    took: float  # seconds from the first request to the last answer
    clients_cpu: float
    seconds: list[float]  # of each answer
    answers: Counter[str]  # by status, or by the name of the failure
    turned_away: int  # answers 429 and 503, after which the client came again


def send(endpoint: Endpoint, group: ClientGroup) -> Outcome:
    """Let the group begin at one moment; wait for every answer."""
    context = multiprocessing.get_context("spawn")
    results: Any = context.Queue()
    barrier: Any = context.Barrier(group.clients + 1)
    each = group.clients // PROCESSES
    before = _children_cpu()
    processes = [
        context.Process(
            target=_some, args=(endpoint, group, each, random.randrange(2**31), barrier, results)
        )
        for _ in range(PROCESSES)
    ]
    for process in processes:
        process.start()
    barrier.wait(LONGEST)
    began = time.perf_counter()
    parts = [results.get(timeout=LONGEST) for _ in processes]
    took = time.perf_counter() - began
    for process in processes:
        process.join()
    seconds = [second for part, _, _ in parts for second in part]
    answers = sum((part for _, part, _ in parts), Counter[str]())
    again = sum(part for _, _, part in parts)
    return Outcome(took, _children_cpu() - before, seconds, answers, again)


def _some(
    endpoint: Endpoint, group: ClientGroup, each: int, seed: int, barrier: Any, results: Any
) -> None:
    seconds: list[float] = []
    answers: list[str] = []
    turned_away: list[int] = []

    def client(number: int) -> None:
        chance = random.Random(seed + number)
        connection = http.client.HTTPConnection("127.0.0.1", endpoint.port, timeout=LONGEST)
        connection.connect()
        barrier.wait(LONGEST)
        for _ in range(group.share):
            request = endpoint.request(
                f"c{chance.randrange(10_000)}@example.org", group.order(chance)
            )
            began = time.perf_counter()
            try:
                answer, again = _ask(connection, *request)
            except (OSError, http.client.HTTPException) as error:
                connection.close()  # the next request opens it again
                answer, again = type(error).__name__, 0
            seconds.append(time.perf_counter() - began)
            answers.append(answer)
            turned_away.append(again)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(each)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results.put((seconds, Counter(answers), sum(turned_away)))


def _ask(
    connection: http.client.HTTPConnection, path: str, headers: dict[str, str], body: bytes
) -> tuple[str, int]:
    """Send one request, again when told to come later; return the status and how often."""
    turned_away = 0
    while True:
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status not in (429, 503) or turned_away == PATIENCE:
            return str(answer.status), turned_away
        turned_away += 1
        time.sleep(float(answer.getheader("Retry-After") or 1))


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
