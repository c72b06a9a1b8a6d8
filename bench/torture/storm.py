"""The storm: clients of all kinds, kills, and looks in between."""

from __future__ import annotations

import random
import threading
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from environment import Environment
from service import GivenUp, Service

from torture.books import Books
from torture.client import Client, Journal
from torture.clients import WEIGHTS
from torture.feed import Subscriber
from torture.gate import Gate
from torture.laws import judge, judge_lists
from torture.laws.privacy import compare_copies, compare_orders_of_erased
from torture.laws.service import (
    LONGEST_RECOVERY,
    judge_answers,
    judge_deadlocks,
    judge_recoveries,
)
from torture.laws.settled import judge_settled
from torture.nemesis import Nemesis
from torture.telling import Telling
from torture.verdicts import Verdicts
from torture.view import Records, View, view_of_api, view_of_rows
from torture.world import World, prepare

KEYS = 3  # API clients; orders of one are committed in groups
LOOK_EVERY = 20.0  # seconds of storm between two looks
LOOK_SOON = 8.0  # the same where a bug is looked for
LONGEST_TURN = 150.0  # seconds until clients that do not come to rest are left out of a look
CALM = (5.0, 9.0)  # seconds between the end of one kill and the next
LONGEST_SETTLE = 100.0
LOOKS_AGAIN = 3  # a periodic task may come between two readings


@dataclass(frozen=True)
class Plan:
    """`kills`: how many at most. `stop_at`: a law; its first violation ends the storm."""

    seed: int
    seconds: float
    clients: int
    kills: int = 1_000_000
    stop_at: str = ""


@dataclass
class Outcome:
    verdicts: Verdicts
    took: float  # seconds from the first act to the last look, or until `stop_at` was broken
    figures: dict[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Return it as plain values: what was checked and what was wrong, by law."""
        return {
            "seconds": self.took,
            "checked": dict(self.verdicts.checked),
            "violations": dict(self.verdicts.violations),
            "figures": self.figures,
        }


class Storm:
    def __init__(self, environment: Environment, plan: Plan) -> None:
        self._environment, self._plan = environment, plan
        self.books, self._journal, self._gate = Books(), Journal(), Gate()
        self._world = World(self.books, plan.seed)
        self._keys = [environment.key]
        self._keys += [environment.issue_key(f"torture-{n}") for n in range(1, KEYS)]
        self._subscriber = Subscriber(self._client("subscriber"), self.books)
        self._nemesis = Nemesis(environment, random.Random(f"{plan.seed} nemesis"))
        self._peace = threading.Lock()
        self._stop = threading.Event()
        self._latest = Verdicts()
        self._clients: list[Client] = []
        self._deadlocks_before = 0

    def run(self) -> Outcome:
        prepare(self._client("prepare"), self.books)
        began = time.monotonic()
        threads = [
            threading.Thread(target=self._live, args=(number,), daemon=True)
            for number in range(self._plan.clients)
        ]
        threads += [threading.Thread(target=self._subscribe, daemon=True)]
        kills = threading.Thread(target=self._strike, daemon=True)
        for thread in (*threads, kills):
            thread.start()
        telling = Telling(self._plan.seconds)
        looked, look_every = began, LOOK_SOON if self._plan.stop_at else LOOK_EVERY
        while (now := time.monotonic()) - began < self._plan.seconds and not self._is_caught():
            telling.show(now - began, self._journal, self.books, self._verdicts())
            self._stop.wait(1.0)
            self._watch_recovery(now)
            if now - looked > look_every:
                self._look()
                looked = time.monotonic()
        if not self._is_caught():
            self._stop.set()
            kills.join()
            for thread in threads:
                thread.join(LONGEST_TURN)
            self._settle()
        self._stop.set()
        for client in self._clients:
            client.stopped = True
        telling.end()
        return Outcome(self._verdicts(), time.monotonic() - began, self._figures())

    # Clients

    def _client(self, name: str, number: int = 0) -> Client:
        chance = random.Random(f"{self._plan.seed} {name}")
        key = self._keys[number % len(self._keys)]
        return Client(self._environment.url, key, self._journal, chance)

    def _live(self, number: int) -> None:
        """Be one client, of every kind by turns."""
        client = self._client(f"client {number}", number)
        self._clients.append(client)
        kinds = [kind(client, self._world) for kind in WEIGHTS]
        weights = list(WEIGHTS.values())
        while not self._stop.is_set():
            (kind,) = client.chance.choices(kinds, weights)
            with self._gate.turn():
                if not self._stop.is_set():
                    self._take_turn(kind)

    def _take_turn(self, kind: Any) -> None:
        try:
            kind.turn()
        except Exception:
            # An answer that no client of this kind can read is wrong as well.
            text = f"{type(kind).__name__}: {traceback.format_exc(limit=-2)}"
            self.books.check("answers_can_be_understood", False, text)

    def _subscribe(self) -> None:
        while not self._stop.is_set():
            with self._gate.turn():
                self._subscriber.read_on()
            self._stop.wait(0.5)

    def _strike(self) -> None:
        chance = random.Random(f"{self._plan.seed} calm")
        for _ in range(self._plan.kills):
            if self._stop.wait(chance.uniform(*CALM)):
                return
            with self._peace:
                if self._stop.is_set():
                    return
                self.books.kills.append(self._nemesis.strike())

    def _watch_recovery(self, now: float) -> None:
        """See at once when nothing is done any more: a look would wait for the same service."""
        for at, what in self.books.kills[-1:]:
            if now - at > LONGEST_RECOVERY and self._journal.latest_done < at:
                self.books.check("it_recovers_in_time", False, f"{what}: nothing since {at:.0f}")

    # Looking

    def _verdicts(self) -> Verdicts:
        return self.books.verdicts.plus(self._latest)

    def _is_caught(self) -> bool:
        law = self._plan.stop_at
        return bool(law and self._verdicts().violations.get(law))

    def _look(self) -> None:
        """Compare the books with the service while no act is under way."""
        with self._peace, self._gate.closed(longest=LONGEST_TURN) as quiet:
            if quiet and self._wait_until_idle():
                for _ in range(LOOKS_AGAIN):
                    self._latest = self._compare()[0]
                    if not self._latest.count:
                        break
                    time.sleep(0.5)
                self._judge_service(self._latest)

    def _wait_until_idle(self) -> bool:
        """Wait until the service answers and no file is being applied."""
        client, deadline = self._client("look"), time.monotonic() + LONGEST_SETTLE
        while time.monotonic() < deadline:
            if self._environment.is_ready():
                page = client.look("imports", state="queued,running")
                if page is not None and not page["results"]:
                    return True
            time.sleep(0.3)
        return False

    def _compare(self) -> tuple[Verdicts, View, Records]:
        self._subscriber.catch_up()
        with self._environment.connect() as connection:
            view, records = view_of_rows(connection)
        verdicts = judge(self.books, self._subscriber, view, records)
        compare_orders_of_erased(verdicts, self.books, view)
        return verdicts, view, records

    def _judge_service(self, verdicts: Verdicts) -> None:
        acts = list(self._journal.acts)
        judge_answers(verdicts, acts)
        self.recoveries = judge_recoveries(verdicts, self.books, acts)
        log = self._environment.home / "log" / "postgres.log"
        self.deadlocks = judge_deadlocks(verdicts, log)

    def _settle(self) -> None:
        """Let the service finish what waits, then compare all, the API's lists as well."""
        self._wait_until_idle()
        deadline = time.monotonic() + LONGEST_SETTLE
        while True:
            verdicts, view, records = self._compare()
            settled = Verdicts()
            judge_settled(settled, self.books, view, records)
            late = time.monotonic() > deadline
            if late or not settled.count:
                break
            time.sleep(1.0)
        for _ in range(LOOKS_AGAIN):
            if not verdicts.count:
                break
            verdicts = self._compare()[0]
        self._judge_service(verdicts)
        with self._environment.connect() as connection:
            compare_copies(verdicts, self.books, view, connection)
        self._latest = verdicts.plus(settled).plus(self._judge_lists())

    def _judge_lists(self) -> Verdicts:
        service = Service(self._environment.url, self._environment.key)
        try:
            return judge_lists(self.books, view_of_api(service))
        except GivenUp as error:
            verdicts = Verdicts()
            verdicts.check("every_act_is_answered", False, error)
            return verdicts

    def _figures(self) -> dict[str, Any]:
        acts = list(self._journal.acts)
        sorts = Counter(
            "done" if act.is_done else "refused" if act.status else "unknown" for act in acts
        )
        recoveries = getattr(self, "recoveries", [])
        return {
            "acts": len(acts),
            "2xx": sorts["done"],
            "refused": sorts["refused"],
            "unknown to the end": sorts["unknown"],
            "reads": self._journal.reads,
            "5xx": sum(fault[:1] == "5" for act in acts for fault in act.faults),
            "turned away, asked again": self._journal.turned_away,
            "events heard": self._subscriber.last,
            "kills": len(self.books.kills),
            "deadlocks": getattr(self, "deadlocks", 0),
            "slowest recovery, s": round(max(recoveries, default=0.0), 1),
        }
