"""What an order takes while 400 clients send or read a byte now and then.

    .venv/bin/python bench/slow_clients.py [--clients N] [--rounds N] [--seconds N] [--rate N]

Starts the service in an environment of its own. Each round: orders at a steady rate, first alone,
then beside the slow clients. These send orders and files of imports, whole heads first or not, and
read downloads and lists, each with a key and without one; a client that is cut off, refused or
done begins again. Look at the ratio within a round. At the end every order that was accepted must
be there once, and the laws of the pool must hold.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import socket
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from environment import Environment
from order_clients import LOCATIONS
from overload import Sent, compare, offer
from report import machine, percentile

RESULT = Path(__file__).resolve().parent / "results" / "slow_clients.json"
CONNECTIONS = 16  # of those who order
PACE = 1.0  # seconds between two bytes of a client
FILE = 1_000_000  # bytes of a file that is said to come


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--skus", type=int, default=5_000)
    parser.add_argument("--clients", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=20.0, help="of each half of a round")
    parser.add_argument("--rate", type=float, default=60.0, help="orders a second")
    given = parser.parse_args()
    rounds: list[dict[str, Any]] = []
    sent: Sent = {}
    before = machine()
    with Environment() as env:
        env.fill(skus=given.skus, locations=LOCATIONS)
        orders(env, given, sent)  # warms up
        for _ in range(given.rounds):
            alone = orders(env, given, sent)
            with SlowClients(env, given.clients) as slow:
                beside = orders(env, given, sent)
            ratio = {name: beside[name] / alone[name] for name in ("p50_ms", "p99_ms")}
            rounds.append({"alone": alone, "beside": beside, "ratio": ratio, "slow": slow.seen})
            print(json.dumps(rounds[-1]), flush=True)
        books = compare(env, sent)
    print(
        "ratio of p50, p99:", *(median(r["ratio"][n] for r in rounds) for n in rounds[0]["ratio"])
    )
    print("books:", books)
    RESULT.parent.mkdir(exist_ok=True)
    about = {"given": vars(given), "before": before, "after": machine()}
    RESULT.write_text(json.dumps({**about, "books": books, "rounds": rounds}, indent=1) + "\n")


def orders(env: Environment, given: argparse.Namespace, sent: Sent) -> dict[str, Any]:
    answers, cpu = offer(
        env,
        given.skus,
        sent,
        connections=CONNECTIONS,
        rate=given.rate,
        seconds=given.seconds,
    )
    took = [each.took for each in answers]
    return {
        "answers": dict(Counter(str(each.status) for each in answers)),
        "p50_ms": 1_000 * percentile(took, 0.5),
        "p99_ms": 1_000 * percentile(took, 0.99),
        **cpu,
    }


class SlowClients:
    """`with SlowClients(…) as slow:` has them at it; afterwards `seen` counts what they met."""

    def __init__(self, env: Environment, count: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._over: Any = context.Event()
        self._results: Any = context.Queue()
        ready: Any = context.Event()
        self._process = context.Process(
            target=be_slow,
            args=(env.port, env.key, count, ready, self._over, self._results),
        )
        self._process.start()
        ready.wait()
        self.seen: dict[str, int] = {}

    def __enter__(self) -> SlowClients:
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.seen = self._results.get(timeout=60)
        self._process.join()


def be_slow(port: int, key: str, count: int, ready: Any, over: Any, results: Any) -> None:
    """Be all of them, in one thread: each has its turn once in `PACE`."""
    ways = [way for each in (key, "") for way in ways_of(each)]
    seen: Counter[str] = Counter()
    clients = [SlowClient(port, ways[number % len(ways)], seen) for number in range(count)]
    for client in clients:
        client.go_on()
    ready.set()
    while not over.is_set():
        for client in clients:
            client.go_on()
            time.sleep(PACE / count)
    seen["open at the end"] = sum(client.is_open for client in clients)
    results.put(dict(seen))


@dataclass(frozen=True)
class Way:
    """`at_once` goes as one piece, `slowly` byte by byte. Without it the answer is read so."""

    name: str
    at_once: bytes
    slowly: bytes = b""


def ways_of(key: str) -> list[Way]:
    who = " with a key" if key else ""
    host = b"Host: localhost\r\n"
    if key:
        host += f"Authorization: Bearer {key}\r\n".encode()
    order = b"POST /api/v1/orders HTTP/1.1\r\nContent-Type: application/json\r\n" + host
    order += b"Idempotency-Key: slow\r\nContent-Length: 1000\r\n\r\n"
    file = b"POST /api/v1/imports HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=x\r\n"
    file += host + b"Content-Length: %d\r\n\r\n" % FILE
    chunks = order.replace(b"Content-Length: 1000", b"Transfer-Encoding: chunked")
    reads = {
        "download": b"exports/movements.csv",
        "list": b"stock/movements?limit=200",
        "document": b"openapi.json",
    }
    return [
        Way(f"order, from its first byte{who}", b"", order + b" " * 1_000),
        Way(f"order, its body{who}", order, b" " * 1_000),
        Way(f"order, in chunks{who}", chunks, b"1\r\n \r\n" * 500),
        Way(f"import{who}", file, b"-" * FILE),
        *(
            Way(f"{name}{who}", b"GET /api/v1/" + path + b" HTTP/1.1\r\n" + host + b"\r\n")
            for name, path in reads.items()
        ),
    ]


class SlowClient:
    def __init__(self, port: int, way: Way, seen: Counter[str]) -> None:
        self._port, self._way, self._seen = port, way, seen
        self._socket: socket.socket | None = None
        self._sent = self._read = 0

    @property
    def is_open(self) -> bool:
        return self._socket is not None

    def go_on(self) -> None:
        """Send or read one byte."""
        try:
            if self._socket is None:
                self._begin()
            elif self._sent < len(self._way.slowly):
                self._sent += self._socket.send(self._way.slowly[self._sent : self._sent + 1])
            self._take()
        except BlockingIOError:
            return
        except OSError as error:
            self._end(type(error).__name__)

    def _begin(self) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        self._socket.settimeout(5)
        self._socket.connect(("127.0.0.1", self._port))
        self._socket.sendall(self._way.at_once)
        self._socket.setblocking(False)
        self._sent = self._read = 0

    def _take(self) -> None:
        """Read a byte of what has come; of the first line all, to know what the answer is."""
        assert self._socket is not None
        said = self._socket.recv(1 if self._read else 12)
        if not said:
            self._end("closed")
        elif not self._read:
            self._seen[f"{self._way.name}: {said[9:].decode()}"] += 1
        self._read += len(said)

    def _end(self, why: str) -> None:
        self._seen[f"{self._way.name}: {why}"] += 1
        if self._socket is not None:
            self._socket.close()
        self._socket = None


if __name__ == "__main__":
    main()
