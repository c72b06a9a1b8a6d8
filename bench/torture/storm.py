"""The storm: clients of all kinds, kills, and looks in between."""

from __future__ import annotations

import random
import threading
import time
import traceback
from collections.abc import Callable
from functools import partial
from threading import Thread

from environment import Environment
from service import GivenUp, Service

from torture.books import Books
from torture.client import Client, Journal
from torture.clients import WEIGHTS
from torture.clients.base import Kind
from torture.deadlocks import log_in_full
from torture.faults import FaultInjector
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
from torture.outcome import Outcome, Plan, figures_of
from torture.progress_line import ProgressLine
from torture.verdicts import Verdicts
from torture.view import Records, View, view_of_api, view_of_rows
from torture.world import (
    KEPT,
    KEPT_UNITS,
    PLACES,
    SCARCE,
    WAREHOUSES,
    World,
    prepare,
    receive,
)

KEYS = 3  # API clients; orders of one are committed in groups
LOOK_EVERY = 20.0  # seconds of storm between two looks
LOOK_SOON = 8.0  # the same where a bug is looked for
LONGEST_TURN = 150.0  # seconds until clients that do not come to rest are left out of a look
CALM = (5.0, 9.0)  # seconds between the end of one kill and the next
LONGEST_SETTLE = 100.0
LOOKS_AGAIN = 3  # a periodic task may come between two readings


class Storm:
    """`prepare` once, then `run` as often as wanted: the books go on from one to the next."""

    def __init__(self, environment: Environment, plan: Plan) -> None:
        self.environment, self._plan = environment, plan
        log_in_full(environment)
        self.books, self.journal, self._gate = Books(), Journal(), Gate()
        pass_key = environment.issue_key("torture-site", "pickup:pass")
        self.world = World(self.books, plan.seed, pass_key)
        self._keys = [environment.key]
        self._keys += [environment.issue_key(f"torture-{n}") for n in range(1, KEYS)]
        self._subscriber = Subscriber(self.client("subscriber"), self.books)
        self._looker = self.client("look")
        self._faults = FaultInjector(environment, random.Random(f"{plan.seed} faults"))
        self.clients = [self.client(f"client {n}", n) for n in range(plan.clients)]
        self._kinds = [[kind(each, self.world) for kind in WEIGHTS] for each in self.clients]
        self._peace = threading.Lock()
        self._stop = threading.Event()
        self._latest = Verdicts()
        self._recoveries: list[float] = []
        self._deadlocks = 0
        self._took = 0.0

    def prepare(self) -> None:
        prepare(self.client("prepare"), self.books)

    def run(self, seconds: float, *, incident: Callable[[], None] | None = None) -> None:
        """Let the clients act for so long, then compare; `incident` happens instead of kills."""
        self._stop.clear()
        began = time.monotonic()
        pairs = zip(self.clients, self._kinds, strict=True)
        acts = [partial(self._live, client, kinds) for client, kinds in pairs]
        threads = [Thread(target=act, daemon=True) for act in (*acts, self._subscribe)]
        trouble = Thread(target=partial(self._do, incident or self._inject_faults), daemon=True)
        for thread in (*threads, trouble):
            thread.start()
        line = ProgressLine(seconds)
        looked, look_every = began, LOOK_SOON if self._plan.stop_at else LOOK_EVERY
        while (now := time.monotonic()) - began < seconds and not self._is_caught():
            line.show(now - began, self.journal, self.books, self._verdicts())
            self._stop.wait(1.0)
            self._watch_recovery(now)
            if now - looked > look_every and not incident:
                self._look()
                looked = time.monotonic()
        self._stop.set()
        if not self._is_caught():
            for thread in (trouble, *threads):
                thread.join(LONGEST_TURN)
            self.settle()
        for client in self.clients:
            client.stopped = self._is_caught()
        line.end()
        self._took += time.monotonic() - began

    @property
    def outcome(self) -> Outcome:
        figures = figures_of(self.journal)
        figures |= {
            "events heard": self._subscriber.last,
            "kills": len(self.books.kills),
            "deadlocks": self._deadlocks,
            "slowest recovery, s": round(max(self._recoveries, default=0.0), 1),
        }
        return Outcome(self._verdicts(), self._took, figures)

    def client(self, name: str, number: int = 0) -> Client:
        """Return a client of its own chance, under one of the keys."""
        chance = random.Random(f"{self._plan.seed} {name}")
        key = self._keys[number % len(self._keys)]
        return Client(self.environment.url, key, self.journal, chance)

    # Clients

    def _live(self, client: Client, kinds: list[Kind]) -> None:
        """Be one client, of every kind by turns."""
        weights = list(WEIGHTS.values())
        while not self._stop.is_set():
            (kind,) = client.chance.choices(kinds, weights)
            with self._gate.turn():
                if not self._stop.is_set():
                    self._take_turn(kind)

    def _do(self, incident: Callable[[], None]) -> None:
        try:
            incident()
        except (Exception, SystemExit):
            self.books.check("incidents_happen", False, traceback.format_exc(limit=-2))

    def _take_turn(self, kind: Kind) -> None:
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

    def _inject_faults(self) -> None:
        chance = random.Random(f"{self._plan.seed} calm")
        for _ in range(self._plan.kills):
            if self._stop.wait(chance.uniform(*CALM)):
                return
            with self._peace:
                if self._stop.is_set():
                    return
                self.books.kills.append(self._faults.inject())

    def _watch_recovery(self, now: float) -> None:
        """See at once when nothing is done any more: a look would wait for the same service."""
        for at, what in self.books.kills[-1:]:
            if now - at > LONGEST_RECOVERY and self.journal.latest_done < at:
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
                    verdicts = self._compare()[0]
                    if not verdicts.count:
                        break
                    time.sleep(0.5)
                self._judge_service(verdicts)
                self._latest = verdicts.succeed(self._latest)

    def _wait_until_idle(self) -> bool:
        """Wait until the service answers and no file is being applied."""
        # A write, so that a pause of the clients after a kill does not count as a long recovery.
        safe = [{"sku": KEPT, "location": WAREHOUSES[0], "safety_stock": KEPT_UNITS}]
        self._looker.put_until_answered("look", "stock/safety-stock", {"lines": safe})
        deadline = time.monotonic() + LONGEST_SETTLE
        while time.monotonic() < deadline:
            if self.environment.is_ready():
                page = self._looker.look("imports", state="queued,running")
                if page is not None and not page["results"]:
                    return True
            time.sleep(0.3)
        return False

    def _compare(self) -> tuple[Verdicts, View, Records]:
        self._subscriber.catch_up()
        with self.environment.connect() as connection:
            view, records = view_of_rows(connection)
        verdicts = judge(self.books, self._subscriber, view, records)
        compare_orders_of_erased(verdicts, self.books, view)
        return verdicts, view, records

    def _judge_service(self, verdicts: Verdicts) -> None:
        acts = list(self.journal.acts)
        judge_answers(verdicts, acts)
        self._recoveries = judge_recoveries(verdicts, self.books, acts)
        log = self.environment.home / "log" / "postgres.log"
        self._deadlocks = judge_deadlocks(verdicts, log)

    def settle(self) -> None:
        """Let the service finish what waits, then compare all, the API's lists as well."""
        self._receive_last()
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
        with self.environment.connect() as connection:
            compare_copies(verdicts, self.books, view, connection)
        now = verdicts.plus(settled).plus(self._judge_lists())
        self._latest = now.succeed(self._latest)

    def _receive_last(self) -> None:
        """Take in a few of the goods that orders wait for: nothing else will claim them now."""
        for place in PLACES:
            lines = [{"sku": sku, "quantity": 1} for sku in (*SCARCE, KEPT)]
            reference = f"last-{self._looker.fresh()[:12]}"
            receive(self._looker, self.books, place, reference, lines)

    def _judge_lists(self) -> Verdicts:
        service = Service(self.environment.url, self.environment.key)
        try:
            return judge_lists(self.books, view_of_api(service))
        except GivenUp as error:
            verdicts = Verdicts()
            verdicts.check("every_act_is_answered", False, error)
            return verdicts
