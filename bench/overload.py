"""What the service does when it is offered five times what it can do.

    .venv/bin/python bench/overload.py [--seconds N] [--rounds N] [--times N] [--connections N]

Starts the service in an environment of its own. Each round: a light load; the best rate, 32
clients that send their next order as soon as the last is answered; then orders that arrive at
random moments, five times as many a second, over 400 connections, whether or not those before were
answered; then the light load again, until its answers come as fast as before. Counted are the
orders accepted and refused, how soon, and whether a refusal says when to come back. At the end
every order that was accepted must be there once, no refused one may be, and the laws of the pool
must hold.

The clients run on the same CPUs as the service, and being refused costs them too: what they used
is told. On a machine that others use as well a load is done by what CPU it happens to get: beside
the goodput stands the same for each second of CPU that the service got.
"""

from __future__ import annotations

import argparse
import http.client
import json
import multiprocessing
import random
import resource
import uuid
from collections import Counter
from pathlib import Path
from statistics import median
from typing import Any

from environment import Environment
from load_generator import Answer, LoadGenerator
from order_clients import LOADS, LOCATIONS, order
from report import machine, percentile

RESULT = Path(__file__).resolve().parent / "results" / "overload.json"
PROCESSES, CLIENTS = 2, 32
LIGHT = 0.2  # of the best rate
WINDOW = 2.0  # seconds; its p99 beside that of the light load before says whether all is well again
AS_BEFORE = 2.0
LONGEST_RECOVERY = 30.0
REFUSALS = (429, 503)
# The status with which each order was answered, by its external id; 0: not known.
Sent = dict[str, int]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--skus", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=20.0, help="of each load")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--times", type=float, default=5.0, help="the best rate")
    parser.add_argument("--connections", type=int, default=400)
    given = parser.parse_args()
    rounds: list[dict[str, Any]] = []
    sent: Sent = {}
    before = machine()
    with Environment() as environment:
        environment.fill(skus=given.skus, locations=LOCATIONS)
        offer(environment, given.skus, sent, connections=CLIENTS, rate=None, seconds=5)  # warms up
        guess = best_of(environment, given, sent)["accepted_per_second"]
        for _ in range(given.rounds):
            rounds.append(one_round(environment, given, sent, guess))
            guess = rounds[-1]["best"]["accepted_per_second"]
            print(json.dumps(rounds[-1]), flush=True)
        books = compare(environment, sent)
    report(rounds, books, {"given": vars(given), "before": before, "after": machine()})


def one_round(
    environment: Environment, given: argparse.Namespace, sent: Sent, guess: float
) -> dict[str, Any]:
    light = {"connections": CLIENTS, "rate": LIGHT * guess}
    calm, _ = offer(environment, given.skus, sent, seconds=given.seconds / 2, **light)
    normal = percentile([each.took for each in calm], 0.99)
    best = best_of(environment, given, sent)
    rate = given.times * best["accepted_per_second"]
    flood, cpu = offer(
        environment, given.skus, sent,
        connections=given.connections, rate=rate, seconds=given.seconds,
    )  # fmt: skip
    after, _ = offer(environment, given.skus, sent, seconds=LONGEST_RECOVERY, **light)
    overload = figures(flood, given.seconds, cpu)
    return {
        "best": best,
        "overload": overload,
        "goodput": overload["accepted_per_second"] / best["accepted_per_second"],
        "goodput_per_cpu": overload["accepted_per_cpu_s"] / best["accepted_per_cpu_s"],
        "light_p99_ms": 1_000 * normal,
        "recovered_after_s": recovery(after, AS_BEFORE * normal),
    }


def best_of(environment: Environment, given: argparse.Namespace, sent: Sent) -> dict[str, Any]:
    answers, cpu = offer(
        environment, given.skus, sent, connections=CLIENTS, rate=None, seconds=given.seconds
    )
    return figures(answers, given.seconds, cpu)


def offer(
    environment: Environment,
    skus: int,
    sent: Sent,
    *,
    connections: int,
    rate: float | None,
    seconds: float,
) -> tuple[list[Answer], dict[str, float]]:
    """Offer orders in one way; return the answers, and the CPU of both sides in seconds."""
    context = multiprocessing.get_context("spawn")
    results: Any = context.Queue()
    ready: Any = context.Barrier(PROCESSES + 1)
    count = int((rate or 1_500) * seconds * 1.2 / PROCESSES) + 100
    processes = [
        context.Process(
            target=send,
            args=(
                environment.port, environment.key, skus, random.randrange(2**31), count,
                connections // PROCESSES, rate and rate / PROCESSES, seconds, ready, results,
            ),
        )
        for _ in range(PROCESSES)
    ]  # fmt: skip
    for process in processes:
        process.start()
    ready.wait()
    before = environment.cpu()
    parts = [results.get(timeout=180) for _ in processes]
    used = environment.cpu().since(before)
    for process in processes:
        process.join()
    answers = []
    for names, part, _ in parts:
        sent.update((names[each.request], each.status) for each in part)
        answers += part
    return answers, {
        "web_cpu_s": used.web,
        "database_cpu_s": used.database,
        "clients_cpu_s": sum(cpu for *_, cpu in parts),
    }


def send(
    port: int,
    key: str,
    skus: int,
    seed: int,
    count: int,
    connections: int,
    rate: float | None,
    seconds: float,
    ready: Any,
    results: Any,
) -> None:
    """Be some of the clients."""
    chance = random.Random(seed)
    bodies = [order(LOADS[0], chance, skus) for _ in range(count)]
    requests = [written(body, key) for body in bodies]
    generator = LoadGenerator(port=port, connections=connections, rate=rate)
    ready.wait()
    before = resource.getrusage(resource.RUSAGE_SELF)
    generator.run(requests, seconds)
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    results.put(([body["external_id"] for body in bodies], generator.answers, cpu))


def written(body: dict[str, Any], key: str) -> bytes:
    """Return the whole request as it goes over the wire."""
    text = json.dumps(body).encode()
    head = [
        "POST /api/v1/orders HTTP/1.1",
        "Host: localhost",
        f"Authorization: Bearer {key}",
        "Content-Type: application/json",
        f"Content-Length: {len(text)}",
        f"Idempotency-Key: {uuid.uuid4().hex}",
    ]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + text


def figures(answers: list[Answer], seconds: float, cpu: dict[str, float]) -> dict[str, Any]:
    accepted = [each.took for each in answers if each.status == 201]
    refused = [each for each in answers if each.status in REFUSALS]
    turned = [each.took for each in refused] or [0.0]
    return {
        "answers": dict(Counter(str(each.status) for each in answers)),
        # Answers that came after the end were worked on in the same time.
        "accepted_per_second": len(accepted) / max(each.due + each.took for each in answers),
        "accepted_per_cpu_s": len(accepted) / (cpu["web_cpu_s"] + cpu["database_cpu_s"]),
        "offered_per_second": len(answers) / seconds,
        "accepted_p50_ms": 1_000 * percentile(accepted, 0.5),
        "accepted_p99_ms": 1_000 * percentile(accepted, 0.99),
        "refused_p50_ms": 1_000 * percentile(turned, 0.5),
        "refused_p99_ms": 1_000 * percentile(turned, 0.99),
        "refused_without_retry_after": sum(not each.retry_after for each in refused),
        "broken": sum(each.status == 0 for each in answers),
        **cpu,
    }


def recovery(answers: list[Answer], normal: float) -> float:
    """Return the end of the first window in which the light load is answered as before."""
    for start in range(int(LONGEST_RECOVERY - WINDOW) + 1):
        window = [each.took for each in answers if start <= each.due < start + WINDOW]
        if window and percentile(window, 0.99) <= normal:
            return start + WINDOW
    return float("inf")


def compare(environment: Environment, sent: Sent) -> dict[str, Any]:
    """Compare the answers with the orders in the database; ask for the laws of the pool."""
    with environment.connect() as connection:
        rows = connection.execute(
            "SELECT external_id, count(*) FROM orders_order GROUP BY external_id"
        ).fetchall()
    there = dict(rows)
    connection = http.client.HTTPConnection("127.0.0.1", environment.port, timeout=300)
    connection.request(
        "GET", "/api/v1/integrity", headers={"Authorization": f"Bearer {environment.key}"}
    )
    laws = json.loads(connection.getresponse().read())
    return {
        "accepted": sum(status == 201 for status in sent.values()),
        "accepted_and_not_there_once": sum(
            there.get(name) != 1 for name, status in sent.items() if status == 201
        ),
        "refused": sum(status in REFUSALS for status in sent.values()),
        "refused_and_there": sum(
            name in there for name, status in sent.items() if status in REFUSALS
        ),
        "unanswered": sum(status == 0 for status in sent.values()),
        "integrity_ok": laws["ok"],
    }


def report(rounds: list[dict[str, Any]], books: dict[str, Any], about: dict[str, Any]) -> None:
    names = [name for name in rounds[0]["best"] if name != "answers"]
    print(f"{'':<30}{'best rate':>12}{'overload':>12}")
    for name in names:
        cells = [median(each[load][name] for each in rounds) for load in ("best", "overload")]
        print(f"{name:<30}{cells[0]:>12,.2f}{cells[1]:>12,.2f}")
    for name in ("goodput", "goodput_per_cpu", "light_p99_ms", "recovered_after_s"):
        found = [each[name] for each in rounds]
        print(
            f"{name:<30}{'':>12}{median(found):>12,.2f}  ({min(found):,.2f} to {max(found):,.2f})"
        )
    print("books:", books)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps({**about, "books": books, "rounds": rounds}, indent=1) + "\n")


if __name__ == "__main__":
    main()
