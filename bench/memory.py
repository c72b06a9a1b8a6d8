"""How much memory the web processes hold after a hundred thousand requests, and whether it grows.

    .venv/bin/python bench/memory.py [--requests N] [--skus N]

Starts the service in an environment of its own, and sends what a day brings: mostly orders,
questions for availability, orders read, the feed, lists, batches of a hundred orders, pages of the
admin. Every thousand requests the resident memory of each web worker is read from the operating
system. Growth is judged by a straight line through the second half of the samples, when caches are
full and the allocator has its arenas: it is flat when it would rise by less than 5 MB in another
hundred thousand requests.
"""

from __future__ import annotations

import argparse
import http.client
import json
import multiprocessing
import random
import re
import subprocess
import sys
import time
import uuid
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from environment import REPOSITORY, Environment
from order_clients import LOADS, LOCATIONS, Load, order, request_of, run_threads
from report import machine

RESULT = Path(__file__).resolve().parent / "results" / "memory.json"
PROCESSES, THREADS = 2, 4
SINGLE, BATCHED = LOADS[0], Load("100 a batch", 1, batch=100)
# Of a thousand requests.
KINDS = {
    "order": 600,
    "availability": 150,
    "read order": 120,
    "feed": 50,
    "stock": 30,
    "orders": 20,
    "batch of 100": 5,
    "admin page": 25,
}
PAGES = (
    "/",
    "/admin/",
    "/admin/orders/order/",
    "/admin/orders/fulfilment/",
    "/admin/inventory/stock/",
    "/admin/inventory/stockmovement/",
)
EVERY = 1_000  # requests between two samples
LIMIT_MB, FLAT_MB = 150.0, 5.0  # a worker at the end; its rise in a hundred thousand requests


@dataclass(frozen=True)
class ClientGroup:
    """What a process of clients is given."""

    port: int
    key: str
    session: str
    skus: int
    share: int  # requests of each thread
    seed: int


class Client:
    """One connection, and the orders it has placed."""

    def __init__(self, group: ClientGroup, number: int) -> None:
        self.group, self.chance = group, random.Random(group.seed + number)
        self.connection = http.client.HTTPConnection("127.0.0.1", group.port)
        self.placed: list[str] = []
        self.after = 0  # the last sequence of the feed that it has seen
        self.answers: Counter[str] = Counter()

    def ask(self) -> None:
        """Send one request of a kind that is drawn, and look at its answer."""
        kind = self.chance.choices(list(KINDS), list(KINDS.values()))[0]
        if kind == "read order" and not self.placed:
            kind = "order"
        if kind == "order":
            body = self._send("POST", *request_of(SINGLE, self.chance, self.group.skus))
            self.placed = [*self.placed[-100:], json.loads(body)["number"]]
        elif kind == "batch of 100":
            self._send("POST", *request_of(BATCHED, self.chance, self.group.skus))
        elif kind == "availability":
            lines = order(SINGLE, self.chance, self.group.skus)["lines"]
            wanted = [{"sku": line["sku"], "quantity": 1} for line in lines]
            query = json.dumps({"channel": "web", "lines": wanted}).encode()
            self._send("POST", "/api/v1/availability/query", query)
        elif kind == "read order":
            self._send("GET", f"/api/v1/orders/{self.chance.choice(self.placed)}")
        elif kind == "feed":
            events = json.loads(self._send("GET", f"/api/v1/events?after={self.after}&limit=100"))
            self.after = events["results"][-1]["sequence"] if events["results"] else self.after
        elif kind == "stock":
            self._send("GET", f"/api/v1/stock?sku=K{self.chance.randrange(self.group.skus)}")
        elif kind == "orders":
            self._send("GET", "/api/v1/orders?limit=50")
        else:
            self._send("GET", self.chance.choice(PAGES), staff=True)
        self.answers[kind] += 1

    def _send(self, method: str, address: str, body: bytes = b"", staff: bool = False) -> bytes:
        headers = {"Authorization": f"Bearer {self.group.key}"}
        if staff:
            headers = {"Cookie": f"sessionid={self.group.session}"}
        if method == "POST":
            headers["Content-Type"] = "application/json"
            headers["Idempotency-Key"] = uuid.uuid4().hex
        self.connection.request(method, address, body or None, headers)
        answer = self.connection.getresponse()
        said = answer.read()
        assert answer.status in (200, 201), (method, address, answer.status, said[:500])
        return said


def run_clients(group: ClientGroup, done: Any, results: Any) -> None:
    answers: Counter[str] = Counter()

    def client(number: int) -> None:
        mine = Client(group, number)
        for _ in range(group.share):
            mine.ask()
            with done.get_lock():
                done.value += 1
        answers.update(mine.answers)

    run_threads(client, THREADS)
    results.put(answers)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--skus", type=int, default=20_000)
    given = parser.parse_args()
    before = machine()
    with Environment() as environment:
        environment.fill(skus=given.skus, locations=LOCATIONS)
        session = sign_in(environment)
        began = time.perf_counter()
        samples, answers = run(environment, session, given)
        took = time.perf_counter() - began
    about = {"given": vars(given), "before": before, "after": machine(), "seconds": took}
    report(samples, answers, about)


SIGN_IN = """
import time
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from core.access.models import User
from core.access.sessions import BEGAN, USED
from core.pages.second_factor import note_given
user = User.objects.create_superuser("bench", "bench@example.org", "not used")
session = SessionStore()
session[SESSION_KEY] = str(user.pk)
session[BACKEND_SESSION_KEY] = "core.access.backends.Accounts"
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session[BEGAN] = session[USED] = int(time.time())
note_given(session, user)
session.create()
print(session.session_key)
"""


def sign_in(environment: Environment) -> str:
    """Make an administrator and return the id of their session."""
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v", "0", "-c", SIGN_IN],
        cwd=REPOSITORY, env=environment.variables, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout.split()[-1]


def run(
    environment: Environment, session: str, given: argparse.Namespace
) -> tuple[list[dict[str, Any]], Counter[str]]:
    """Send the requests; return the samples and how many there were of each kind."""
    context = multiprocessing.get_context("spawn")
    results: Any = context.Queue()
    done: Any = context.Value("i", 0)
    share = given.requests // PROCESSES // THREADS
    groups = [
        ClientGroup(
            environment.port, environment.key, session, given.skus, share, random.randrange(2**31)
        )
        for _ in range(PROCESSES)
    ]
    processes = [context.Process(target=run_clients, args=(each, done, results)) for each in groups]
    for process in processes:
        process.start()
    workers = environment.web_processes()
    samples = [sample(workers, 0)]
    while any(process.is_alive() for process in processes):
        if done.value >= samples[-1]["requests"] + EVERY:
            samples.append(sample(workers, done.value))
        time.sleep(0.05)
    samples.append(sample(workers, done.value))
    assert environment.web_processes() == workers, "a web worker has died"
    assert done.value == share * PROCESSES * THREADS, "a client has given up"
    answers: Counter[str] = sum((results.get() for _ in processes), Counter())
    return samples, answers


def sample(workers: list[int], requests: int) -> dict[str, Any]:
    return {"requests": requests, "mb": [round(resident(pid), 2) for pid in workers]}


def resident(pid: int) -> float:
    """Return the resident memory of a process in MB, shared pages included."""
    text = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", text)
    assert found
    return int(found.group(1)) / 1024


def slope(points: list[tuple[float, float]]) -> float:
    """Return the rise of the straight line that lies closest to the points."""
    x_mean = sum(x for x, _ in points) / len(points)
    y_mean = sum(y for _, y in points) / len(points)
    spread = sum((x - x_mean) ** 2 for x, _ in points)
    return sum((x - x_mean) * (y - y_mean) for x, y in points) / spread


def report(samples: list[dict[str, Any]], answers: Counter[str], about: dict[str, Any]) -> None:
    half = samples[len(samples) // 2 :]
    print(f"{sum(answers.values()):,} requests:", dict(answers.most_common()))
    print(f"{'worker':<8}{'start MB':>10}{'half MB':>10}{'end MB':>10}{'most MB':>10}{'rise':>8}")
    workers = []
    for n in range(len(samples[0]["mb"])):
        rise = 100_000 * slope([(each["requests"], each["mb"][n]) for each in half])
        column = [each["mb"][n] for each in samples]
        workers.append(
            {"start_mb": column[0], "half_mb": half[0]["mb"][n], "end_mb": column[-1],
             "most_mb": max(column), "rise_mb_in_100000": rise}
        )  # fmt: skip
        print(
            f"{n:<8}{column[0]:>10.1f}{half[0]['mb'][n]:>10.1f}{column[-1]:>10.1f}"
            f"{max(column):>10.1f}{rise:>8.1f}"
        )
    print(f"under {LIMIT_MB:.0f} MB:", all(each["most_mb"] < LIMIT_MB for each in workers))
    print("flat:", all(each["rise_mb_in_100000"] < FLAT_MB for each in workers))
    RESULT.parent.mkdir(exist_ok=True)
    found = {**about, "answers": answers, "workers": workers, "samples": samples}
    RESULT.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
