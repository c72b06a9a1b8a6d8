"""`serve`: one process that starts all the others, watches them and stops them in order."""

from __future__ import annotations

import contextlib
import http.client
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import FrameType

from core.embedded import tables
from core.embedded.broker import Broker
from core.embedded.children import Backoff, Child, Leftovers, end_leftovers, environment_of
from core.embedded.connection import is_broker_embedded, is_database_embedded
from core.embedded.console import Console
from core.embedded.disk import is_full
from core.embedded.errors import EmbeddedError
from core.embedded.folders import make_home
from core.embedded.locks import Lock, exclusive
from core.embedded.logs import open_log, set_large_ones_aside, tail
from core.embedded.places import REPOSITORY, log_dir
from core.embedded.port import take_port
from core.embedded.postgres import Postgres
from core.embedded.service import (
    GRACE,
    Gate,
    behind_the_web,
    clear_metrics,
    number_of_web_processes,
    web_processes,
)
from core.embedded.use import Use

LOOK_EVERY = 0.25  # seconds between two looks at the children
LOOK_AT_LOGS_EVERY = 10.0
LONGEST_WEB_START = 60


class Interrupted(Exception):
    """Asked to stop before the service was up."""


class Supervisor:
    def __init__(self, home: Path, *, host: str, port: int, demo: bool) -> None:
        self.home = home
        self.host = host
        self.port = port
        self.demo = demo
        self.console = Console()
        self._stop = threading.Event()
        self._hurry = threading.Event()
        self._lock = Lock(home / "serve.lock")
        self._use: Use | None = None
        self._broker: Broker | None = None
        self._gate = Gate()
        self._web_processes = number_of_web_processes()
        self._web: list[Child] = []
        self._behind = behind_the_web(home)
        self._backoffs = {"PostgreSQL": Backoff(), "The broker": Backoff()}
        self._logs_are_due = 0.0

    def run(self) -> None:
        """Serve until a signal asks to stop. Raises EmbeddedError when it cannot start."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        if not self._take_home():
            return
        listener = take_port(self.host, self.port)
        self.port = listener.getsockname()[1]
        self._web = web_processes(
            self.home, self._web_processes, listener=listener, gate=self._gate
        )
        try:
            self._start_in_the_end()
            self._watch()
        except Interrupted:
            pass
        except EmbeddedError:
            if not self._stop.is_set():  # else it is only what the stop interrupted
                raise
        finally:
            listener.close()
            self._stop_all()
            self._lock.release()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._stop.is_set():
            self._hurry.set()  # asked twice
        self._stop.set()

    def _go_on(self) -> None:
        if self._stop.is_set():
            raise Interrupted

    # Starting

    def _take_home(self) -> bool:
        """Make DATA_DIR and take it; while the disk is full, say so and try again. False when asked
        to stop meanwhile. Raises EmbeddedError where another run has it."""
        backoff = Backoff()
        while True:
            try:
                make_home(self.home)
                if not self._lock.take():
                    raise EmbeddedError(
                        f"{self.home} is being served already: stop that first, or choose another "
                        "DATA_DIR (and PORT)."
                    )
                self._leftovers = Leftovers(self.home)
                self._say_ended(self._leftovers.end_web(grace=GRACE))
                clear_metrics(self.home)
            except OSError as error:
                if not is_full(self.home, error):
                    raise
                if self._stop.wait(self._put_off(error, backoff, "The service")):
                    return False
            else:
                return True

    def _start_in_the_end(self) -> None:
        """Start all; while the disk is full, or where a server died meanwhile, say so and try
        again."""
        self.console.say(f"OmniRetail, with its data in {self.home}")
        backoff = Backoff()
        while True:
            try:
                self._start()
            except (EmbeddedError, OSError) as error:
                if not (is_full(self.home, error) or self._has_lost_a_server()):
                    raise
                if self._stop.wait(self._put_off(error, backoff, "The service")):
                    raise Interrupted from error
            else:
                return

    def _start(self) -> None:
        began = time.monotonic()
        self._start_children(self._web)  # they load while the others end and start
        self._say_ended(self._leftovers.end(grace=GRACE))
        self._start_servers()
        if not tables.are_up_to_date(self.home):
            with self.console.step("Bringing the tables up to date"):
                self._manage("migrate", "--no-input", quiet=True)
                tables.remember_up_to_date(self.home)
        if self.demo:
            self.console.say("Loading the demo retailer")
            self._manage("load_demo", quiet=False)  # tells its own steps
        with self.console.step("Starting web, worker and beat"):
            self._gate.open()
            self._wait_for_web()
            self._start_children(self._behind)
        self._say_where_to_look(time.monotonic() - began)

    def _has_lost_a_server(self) -> bool:
        """Say whether one that was started has died since."""
        postgres = self._use.postgres if self._use is not None else None
        return any(each is not None and each.pid() is None for each in (postgres, self._broker))

    def _say_ended(self, names: list[str]) -> None:
        if names:
            self.console.say(f"Ended what a killed run had left: {', '.join(names)}")

    def _start_children(self, children: list[Child]) -> None:
        for child in children:
            if not child.is_running:
                child.start()

    def _start_servers(self) -> None:
        if is_database_embedded():
            with self.console.step("Starting PostgreSQL"):
                if self._use is None:
                    postgres = Postgres(
                        self.home, report=self.console.say, is_unwanted=self._stop.is_set
                    )
                    self._use = Use(self.home, postgres=postgres)
                self._use.begin()
                self._use.keep()
        self._go_on()
        if is_broker_embedded():
            with self.console.step("Starting the broker"):
                self._broker = self._broker or Broker(self.home, report=self.console.say)
                self._broker.start()
        self._go_on()

    def _manage(self, *arguments: str, quiet: bool) -> None:
        """Run a management command to its end. Raises EmbeddedError with its last words."""
        log = log_dir(self.home) / f"{arguments[0]}.log"
        with open_log(log) as output:
            command = subprocess.Popen(
                [sys.executable, "manage.py", *arguments],
                cwd=REPOSITORY,
                env=environment_of(self.home, role="manage"),
                stdin=subprocess.DEVNULL,
                stdout=output if quiet else None,
                stderr=output if quiet else None,
                start_new_session=True,
            )
        while command.poll() is None:
            if self._stop.wait(0.05):
                command.terminate()
                command.wait()
                raise Interrupted
        if command.returncode != 0:
            words = f"; {log} ends:\n{tail(log)}" if quiet else ""
            raise EmbeddedError(f"manage.py {arguments[0]} failed{words}")

    def _wait_for_web(self) -> None:
        """Until it answers at all. Raises EmbeddedError with the web's last words."""
        web = self._web[0]
        deadline = time.monotonic() + LONGEST_WEB_START
        while not self._answers():
            self._go_on()
            if death := web.death():
                raise EmbeddedError(f"The web process {death}")
            if time.monotonic() > deadline:
                raise EmbeddedError(
                    f"The web process does not answer; {web.log} ends:\n{tail(web.log)}"
                )
            self._stop.wait(0.1)

    def _answers(self) -> bool:
        host = "127.0.0.1" if self.host == "0.0.0.0" else self.host
        connection = http.client.HTTPConnection(host, self.port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            # A refusal is an answer too: ALLOWED_HOSTS may know only the public name.
            return connection.getresponse().status < 500
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _say_where_to_look(self, seconds: float) -> None:
        site = f"http://localhost:{self.port}"
        self.console.say(
            f"\nReady after {seconds:.0f} s. ctrl-C stops everything.\n"
            f"  Site   {site}/\n"
            f"  Admin  {site}/admin/\n"
            f"  API    {site}/api/v1/docs\n"
            f"  Logs   {log_dir(self.home)}\n"
        )

    # Watching

    def _watch(self) -> None:
        while not self._stop.wait(LOOK_EVERY):
            if self._use is not None:
                self._revive("PostgreSQL", self._use.postgres)
            if self._broker is not None:
                self._revive("The broker", self._broker)
            for child in (*self._web, *self._behind):
                if death := child.death():
                    self.console.news(f"{child.name} {death}")
                elif not child.is_running and child.backoff.is_over:
                    self._start_again(child)
            self._bound_logs()

    def _start_again(self, child: Child) -> None:
        try:
            child.start()
        except OSError as error:
            self._put_off(error, child.backoff, child.name)
        else:
            self.console.news(f"{child.name} started again")

    def _put_off(self, error: Exception, backoff: Backoff, name: str) -> float:
        """Say why something did not start, and when it is tried again; return the seconds."""
        wait = backoff.died(lived=0)
        full = f"The disk of {self.home} is full: make room. " if is_full(self.home, error) else ""
        self.console.news(f"{name} does not start: {error}\n{full}Next attempt in {wait:g} s")
        return wait

    def _bound_logs(self) -> None:
        if time.monotonic() < self._logs_are_due:
            return
        self._logs_are_due = time.monotonic() + LOOK_AT_LOGS_EVERY
        with contextlib.suppress(OSError):  # no room for the copy: later
            for name in set_large_ones_aside(log_dir(self.home)):
                self.console.news(f"{name} has grown large, kept as {name}.1")

    def _revive(self, name: str, server: Postgres | Broker) -> None:
        backoff = self._backoffs[name]
        if server.pid() is not None or not backoff.is_over:
            return
        self.console.news(f"{name} has died, starting it again")
        began = time.monotonic()
        try:
            with exclusive(self.home / "start.lock"):
                server.start()
        except (EmbeddedError, OSError) as error:
            self._put_off(error, backoff, name)
        else:
            backoff.died(lived=float("inf"))
            backoff.not_before = 0
            self.console.news(f"{name} runs again after {time.monotonic() - began:.1f} s")

    # Stopping

    def _stop_all(self) -> None:
        """Callers before what they call, and the web after the tasks, which may take long."""
        self._stop.set()
        began = time.monotonic()
        self.console.say("Stopping")
        for group in (self._behind, self._web):
            for child in group:  # these need not wait for each other
                child.ask_to_stop()
            for child in group:
                self.console.say(f"  {child.name}")
                child.stop(in_a_hurry=self._hurry.is_set)
        end_leftovers(self.home, grace=1)  # a command that was under way
        with exclusive(self.home / "start.lock"):
            if self._broker is not None:
                self.console.say("  broker")
                self._broker.stop()
            if self._use is not None:
                self.console.say("  PostgreSQL")
                self._use.postgres.stop()
        if self._use is not None:
            self._use.end()
        seconds = time.monotonic() - began
        self.console.say(f"Stopped in {seconds:.1f} s. The data stays in {self.home}")
