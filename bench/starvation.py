"""What a product page takes while one source reads slowly, asks for checks and tries passwords.

    .venv/bin/python bench/starvation.py [--readers N] [--seconds N] [--rate N] [--rounds N]

Starts the service in an environment of its own. Availability is asked for at a steady rate: alone,
then beside each of

- `readers`: one client's key on many connections, each of which asks for a file of all stock rows
  and reads a byte of it now and then;
- `checks`: the same client, asking for `/integrity` without pause on some connections;
- `logins`: wrong passwords from one address, as fast as they are refused;
- `all` of them.

Printed for each: availability's latency, what the others were answered, and the largest memory of
a web process.
"""

from __future__ import annotations

import argparse
import http.client
import json
import multiprocessing
import random
import string
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlencode

from environment import Environment
from load_generator import LoadGenerator
from memory import resident
from report import machine, percentile
from slow_clients import SlowClient, Way

RESULT = Path(__file__).resolve().parent / "results" / "starvation.json"
LOCATIONS, ASKED, CONNECTIONS = 20, 5, 16
CHECKERS, GUESSERS = 8, 8
BESIDE: dict[str, tuple[str, ...]] = {
    "alone": (),
    "readers": ("readers",),
    "checks": ("checks",),
    "logins": ("logins",),
    "all": ("readers", "checks", "logins"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--skus", type=int, default=10_000)
    parser.add_argument("--readers", type=int, default=70)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=15.0, help="of each part of a round")
    parser.add_argument("--rate", type=float, default=30.0, help="reads a second")
    given = parser.parse_args()
    about = {"given": vars(given), "machine": machine()}
    rounds: list[dict[str, dict[str, Any]]] = []
    with Environment() as env:
        env.fill(skus=given.skus, locations=LOCATIONS)
        part(env, given, ())  # warms up
        for _ in range(given.rounds):
            rounds.append({name: part(env, given, others) for name, others in BESIDE.items()})
    report(rounds, about)


def part(env: Environment, given: argparse.Namespace, others: tuple[str, ...]) -> dict[str, Any]:
    """Ask for availability beside the others; return what it took and what they met."""
    context = multiprocessing.get_context("spawn")
    over, results = context.Event(), context.Queue()
    processes = [
        context.Process(target=OTHERS[name], args=(env.port, env.key, given.readers, over, results))
        for name in others
    ]
    for process in processes:
        process.start()
    largest, done = [0.0], threading.Event()
    watch = threading.Thread(target=watch_memory, args=(env.web_processes(), largest, done))
    watch.start()
    for _ in others:
        results.get(timeout=60)  # they are at it
    requests = [asking(env.key, given.skus) for _ in range(int(given.rate * given.seconds * 1.5))]
    generator = LoadGenerator(port=env.port, connections=CONNECTIONS, rate=given.rate)
    generator.run(requests, given.seconds)
    over.set()
    met: Counter[str] = sum((results.get(timeout=120) for _ in others), Counter())
    for process in processes:
        process.join()
    done.set()
    watch.join()
    took = [each.took for each in generator.answers if each.status == 200]
    return {
        "p50_ms": 1_000 * percentile(took, 0.5),
        "p99_ms": 1_000 * percentile(took, 0.99),
        "answers": dict(Counter(str(each.status) for each in generator.answers)),
        "largest_mb": largest[0],
        "others": dict(met),
    }


def asking(key: str, skus: int) -> bytes:
    """Return the whole request of a product page, as it goes over the wire."""
    lines = [{"sku": f"K{random.randrange(skus)}", "quantity": 1} for _ in range(ASKED)]
    body = json.dumps({"channel": "web", "lines": lines}).encode()
    head = (
        "POST /api/v1/availability/query HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: Bearer {key}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def watch_memory(processes: list[int], largest: list[float], done: threading.Event) -> None:
    while not done.wait(0.5):
        largest[0] = max(largest[0], *(resident(pid) for pid in processes))


def read_slowly(port: int, key: str, count: int, over: Any, results: Any) -> None:
    """Be all readers, in one thread: each has its turn once a second."""
    head = (
        f"GET /api/v1/exports/stock.csv HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}"
    )
    way = Way("file", head.encode() + b"\r\n\r\n")
    seen: Counter[str] = Counter()
    clients = [SlowClient(port, way, seen) for _ in range(count)]
    for client in clients:
        client.go_on()
    results.put("ready")
    while not over.is_set():
        for client in clients:
            client.go_on()
            time.sleep(1 / count)
    results.put(seen)


def ask_for_checks(port: int, key: str, count: int, over: Any, results: Any) -> None:
    headers = {"Authorization": f"Bearer {key}"}

    def ask(connection: http.client.HTTPConnection) -> str:
        connection.request("GET", "/api/v1/integrity", headers=headers)
        answer = connection.getresponse()
        answer.read()
        return f"check: {answer.status}"

    results.put("ready")
    results.put(repeat(port, CHECKERS, over, ask))


def guess_passwords(port: int, key: str, count: int, over: Any, results: Any) -> None:
    token = "".join(random.choices(string.ascii_letters, k=32))

    def ask(connection: http.client.HTTPConnection) -> str:
        name = f"user{random.randrange(1_000)}"
        given = {"username": name, "password": "guess", "csrfmiddlewaretoken": token}
        headers = {
            "Cookie": f"csrftoken={token}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        connection.request("POST", "/admin/login/", urlencode(given), headers)
        answer = connection.getresponse()
        too_many = b"too many attempts" in answer.read()
        return f"login: {'not looked at' if too_many else answer.status}"

    results.put("ready")
    results.put(repeat(port, GUESSERS, over, ask))


OTHERS: dict[str, Callable[..., None]] = {
    "readers": read_slowly,
    "checks": ask_for_checks,
    "logins": guess_passwords,
}


def repeat(
    port: int, count: int, over: Any, ask: Callable[[http.client.HTTPConnection], str]
) -> Counter[str]:
    """Ask without pause on so many connections until it is over; count what was answered."""
    seen: Counter[str] = Counter()

    def be_one() -> None:
        while not over.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            try:
                while not over.is_set():
                    seen[ask(connection)] += 1
            except (OSError, http.client.HTTPException) as error:
                seen[type(error).__name__] += 1
            finally:
                connection.close()

    threads = [threading.Thread(target=be_one) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return seen


def report(rounds: list[dict[str, dict[str, Any]]], about: dict[str, Any]) -> None:
    print(f"{'beside':<10}{'p50 ms':>10}{'p99 ms':>10}{'MB':>8}  answers; what the others met")
    for name in BESIDE:
        found = [each[name] for each in rounds]
        p50, p99, most = (
            median(each[figure] for each in found) for figure in ("p50_ms", "p99_ms", "largest_mb")
        )
        answers: Counter[str] = sum((Counter(each["answers"]) for each in found), Counter())
        others: Counter[str] = sum((Counter(each["others"]) for each in found), Counter())
        print(f"{name:<10}{p50:>10.1f}{p99:>10.1f}{most:>8.0f}  {dict(answers)}; {dict(others)}")
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps({**about, "rounds": rounds}, indent=1) + "\n")


if __name__ == "__main__":
    main()
