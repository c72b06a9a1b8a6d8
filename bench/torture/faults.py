"""What goes wrong during the storm: processes killed, the database frozen, in seeded order."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

from environment import Environment, process_table

from core.embedded.broker import Broker
from core.embedded.postgres import Postgres
from core.embedded.processes import send

STARTS = 3  # attempts to start the service again
FROZEN = 3.0  # seconds that PostgreSQL stands still
BACKEND = "omniretail "  # in the title of a backend of the service's database


class FaultInjector:
    """`inject` does the next thing of a shuffled deck, in which every kind is there once."""

    def __init__(self, environment: Environment, chance: random.Random) -> None:
        self._environment = environment
        self._chance = chance
        self._kinds: dict[str, Callable[[], None]] = {
            "web": self._kill_web,
            "worker": lambda: self._kill_named("worker"),
            "beat": lambda: self._kill_named("beat"),
            "a database backend": self._kill_backend,
            "the database": self._kill_database,
            "the broker": self._kill_broker,
            "the supervisor": self._kill_supervisor,
            "the database, frozen": self._freeze,
        }
        self._deck: list[str] = []

    def inject(self) -> tuple[float, str]:
        """Return when it was, by the monotonic clock, and what was hit."""
        if not self._deck:
            self._deck = sorted(self._kinds)
            self._chance.shuffle(self._deck)
        name = self._deck.pop()
        at = time.monotonic()
        self._kinds[name]()
        return at, name

    def _kill_web(self) -> None:
        _kill(self._chance.choice(self._environment.web_processes() or [0]))

    def _kill_named(self, name: str) -> None:
        _kill(_number(self._environment.home / f"{name}.pid"))

    def _kill_backend(self) -> None:
        """One that serves the service: PostgreSQL then ends all others and recovers."""
        postmaster = self._postmaster()
        backends = [
            pid
            for pid, process in process_table().items()
            if process.parent == postmaster and BACKEND in process.command
        ]
        _kill(self._chance.choice(sorted(backends) or [0]))

    def _kill_database(self) -> None:
        _kill(self._postmaster())

    def _kill_broker(self) -> None:
        _kill(Broker(self._environment.home).pid() or 0)

    def _kill_supervisor(self) -> None:
        """The service is started again, as an operator would, until it runs."""
        self._environment.program.kill()
        while self._environment.web_processes():  # they end with it, and answer until then
            time.sleep(0.05)
        for attempt in range(STARTS):
            try:
                self._environment.start()
                return
            except SystemExit:
                if attempt == STARTS - 1:
                    raise

    def _freeze(self) -> None:
        postmaster = self._postmaster()
        stopped = [
            pid
            for pid, process in process_table().items()
            if pid == postmaster or process.parent == postmaster
        ]
        for pid in stopped:
            _signal(pid, signal.SIGSTOP)
        time.sleep(FROZEN)
        for pid in stopped:
            _signal(pid, signal.SIGCONT)

    def _postmaster(self) -> int:
        return Postgres(self._environment.home).pid() or 0


def _number(path: Path) -> int:
    """The pid that the supervisor has written down; 0 when there is none just now."""
    try:
        return int(path.read_text().split()[0])
    except (FileNotFoundError, ValueError, IndexError):
        return 0


def _kill(pid: int) -> None:
    _signal(pid, signal.SIGKILL)


def _signal(pid: int, number: signal.Signals) -> None:
    if pid > 1:  # 0 would be our own group
        send(pid, number)
