"""Whether the feed keeps up with orders in batches at full speed.

    .venv/bin/python bench/relay.py [--orders N] [--rounds N] [--skus N]

Starts the service in an environment of its own. Four clients place orders, a hundred a request, as
fast as they are answered. Meanwhile two figures are looked at twice a second: how many committed
events have no sequence number yet, and how old the oldest of them is. Loads take turns: the feed is
not read, so that the worker alone numbers the events; or a client follows it over HTTP, 200 events
a page. When the last order is answered, the clock runs until nothing older than a second waits,
and until the follower has read everything.
"""

from __future__ import annotations

import argparse
import http.client
import json
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from environment import Environment
from order_clients import BATCH, LOCATIONS, Load, OrderClients
from report import machine, percentile

RESULT = Path(__file__).resolve().parent / "results" / "relay.json"
LOAD = Load(f"4 clients, {BATCH} a batch", 4, batch=BATCH)
EVERY = 0.5  # seconds between two looks
SMALL = 1.0  # seconds: a lag below it is none
LONGEST_WAIT = 120.0
WAYS = {"the worker alone": False, "and a follower": True}

# The index gives both: the events are asked for by id, of which the relay has the last.
_LOOK = """
SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(time)), 0)::float8
FROM outbox_event WHERE id > (SELECT last_id FROM outbox_relay)
"""


class Looker:
    """Looks at what waits for a number, again and again, until told to stop."""

    def __init__(self, environment: Environment) -> None:
        self._connection = environment.connect()
        self._stop = threading.Event()
        self.waiting: list[int] = []
        self.ages: list[float] = []
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(EVERY):
            count, age = self.look()
            self.waiting.append(count)
            self.ages.append(age)

    def look(self) -> tuple[int, float]:
        row = self._connection.execute(_LOOK).fetchone()
        assert row is not None
        return row

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def wait_until_small(self) -> float:
        """Return the seconds until no event has waited for longer than `SMALL`."""
        began = time.monotonic()
        while self.look()[1] >= SMALL:
            if time.monotonic() - began > LONGEST_WAIT:
                raise SystemExit("the relay does not catch up")
            time.sleep(0.02)
        return time.monotonic() - began


class Follower:
    """Reads the feed as a client would: on from the last sequence, page by page."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._connection = http.client.HTTPConnection("127.0.0.1", environment.port)
        with environment.connect() as connection:
            row = connection.execute("SELECT last_sequence FROM outbox_relay").fetchone()
        self._after = self._first = row[0] if row else 0
        self._done = threading.Event()
        self.ages: list[float] = []
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not (self._turn_page() is None and self._done.is_set()):
            continue

    def _turn_page(self) -> str | None:
        """Read one page; return the address of the next, None when it was the last for now."""
        address = f"/api/v1/events?after={self._after}&limit=200"
        self._connection.request("GET", address, headers=self._head())
        answer = self._connection.getresponse()
        page = json.loads(answer.read())
        assert answer.status == 200, page
        events = page["results"]
        if events:
            sequences = [event["sequence"] for event in events]
            assert sequences == list(range(self._after + 1, self._after + 1 + len(events)))
            self._after = sequences[-1]
            self.ages.append(_age(events[0]["time"]))
        if page["next"] is None:
            time.sleep(0.1)  # nothing more for now: look again shortly
        return page["next"]

    def _head(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._environment.key}"}

    def finish(self) -> tuple[float, int]:
        """Let it read all events; return the seconds that took, and the events read in all."""
        began = time.monotonic()
        self._done.set()
        self._thread.join(LONGEST_WAIT)
        assert not self._thread.is_alive(), "the follower does not catch up"
        return time.monotonic() - began, self._after - self._first


def _age(moment: str) -> float:
    return (datetime.now(UTC) - datetime.fromisoformat(moment)).total_seconds()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--skus", type=int, default=20_000)
    parser.add_argument("--orders", type=int, default=12_000, help="a way and round")
    parser.add_argument("--rounds", type=int, default=2)
    given = parser.parse_args()
    runs: dict[str, list[dict[str, Any]]] = {way: [] for way in WAYS}
    before = machine()
    with Environment() as environment:
        environment.fill(skus=given.skus, locations=LOCATIONS)
        measure(environment, given.skus, 1_200, follow=False)  # warms caches and plans
        for _ in range(given.rounds):
            for way, follow in WAYS.items():
                runs[way].append(measure(environment, given.skus, given.orders, follow=follow))
    report(runs, {"given": vars(given), "before": before, "after": machine()})


def measure(environment: Environment, skus: int, orders: int, *, follow: bool) -> dict[str, Any]:
    """Place so many orders in batches, and look at the feed while and after."""
    clients = OrderClients(environment, LOAD, skus=skus, orders=orders)
    events = last_event(environment)
    looker, follower = Looker(environment), Follower(environment) if follow else None
    clients.begin()
    placed = clients.wait()
    looker.stop()
    left, age = looker.look()
    recovery = looker.wait_until_small()
    read = follower.finish() if follower else None
    figures: dict[str, Any] = {
        "orders": placed.orders,
        "orders_per_second": placed.orders / placed.took,
        "events_per_second": (last_event(environment) - events) / placed.took,
        "waiting_p50": percentile([float(each) for each in looker.waiting], 0.5),
        "waiting_most": max(looker.waiting),
        "age_p50_s": percentile(looker.ages, 0.5),
        "age_most_s": max(looker.ages),
        "waiting_at_end": left,
        "age_at_end_s": age,
        "below_1s_after_s": recovery,
    }
    if follower and read:
        figures |= {
            "follower_age_p50_s": percentile(follower.ages, 0.5),
            "follower_age_most_s": max(follower.ages),
            "follower_done_after_s": read[0],
            "follower_read": read[1],
        }
    return figures


def last_event(environment: Environment) -> int:
    with environment.connect() as connection:
        row = connection.execute("SELECT coalesce(max(id), 0) FROM outbox_event").fetchone()
    return int(row[0]) if row else 0


def report(runs: dict[str, list[dict[str, Any]]], about: dict[str, Any]) -> None:
    """Print the medians and the worst end, and keep every round."""
    names = list(dict.fromkeys(n for rounds in runs.values() for each in rounds for n in each))
    print(f"{'':<26}" + "".join(f"{way:>20}" for way in runs))
    for name in names:
        cells = [[each[name] for each in rounds if name in each] for rounds in runs.values()]
        print(f"{name:<26}" + "".join(f"{median(c):>20,.2f}" if c else f"{'':>20}" for c in cells))
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps({**about, "runs": runs}, indent=1) + "\n")


if __name__ == "__main__":
    main()
