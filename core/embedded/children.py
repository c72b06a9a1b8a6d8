"""The processes of the service itself (web, worker, beat): run one, restart it, end it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.embedded import processes
from core.embedded.logs import open_log, tail
from core.embedded.places import REPOSITORY, log_dir
from core.embedded.processes import PidFile

FIRST_DELAY = 0.5
LONGEST_DELAY = 30.0
SETTLED = 30.0  # seconds alive after which a process counts as sound again
GROUP_GRACE = 3.0

# glibc gives threads heaps of their own, and each keeps what a large request has left in it.
FEW_ARENAS = "2"


def mark_of(home: Path) -> str:
    """What each process of this service carries in its environment, to be known by."""
    return f"OMNIRETAIL_SERVED_FROM={home}"


def environment_of(home: Path, *, role: str) -> dict[str, str]:
    name, _, value = mark_of(home).partition("=")
    # What may change tables is not told to the processes that answer requests.
    withheld = () if role == "manage" else ("MIGRATE_DATABASE_URL",)
    return {
        "MALLOC_ARENA_MAX": FEW_ARENAS,
        **{each: value for each, value in os.environ.items() if each not in withheld},
        "DATA_DIR": str(home),
        "DJANGO_SETTINGS_MODULE": "omniretail.settings",
        "OMNIRETAIL_ROLE": role,
        "PYTHONUNBUFFERED": "1",
        name: value,
    }


@dataclass
class Backoff:
    """How long to wait before the next start: doubled at each early death."""

    delay: float = FIRST_DELAY
    not_before: float = 0.0

    def died(self, *, lived: float) -> float:
        """Take note of a death after `lived` seconds; seconds until the next start."""
        self.delay = FIRST_DELAY if lived > SETTLED else self.delay
        wait = self.delay
        self.not_before = time.monotonic() + wait
        self.delay = min(self.delay * 2, LONGEST_DELAY)
        return wait

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self.not_before


@dataclass
class Child:
    """One process of the service, restarted whenever it ends by itself."""

    name: str
    home: Path
    arguments: Sequence[str]
    role: str
    grace: float  # seconds that it gets to finish what it is doing
    extra_environment: Mapping[str, str] = field(default_factory=dict)
    handed_files: Sequence[int] = ()
    backoff: Backoff = field(default_factory=Backoff)
    _process: subprocess.Popen[bytes] | None = None
    _started: float = 0.0

    @property
    def log(self) -> Path:
        return log_dir(self.home) / f"{self.name}.log"

    @property
    def _pid_file(self) -> PidFile:
        return PidFile(self.home / f"{self.name}.pid")

    @property
    def is_running(self) -> bool:
        return self._process is not None

    def start(self) -> None:
        """Start it. Raises OSError where the disk has no room for its log or its number."""
        with open_log(self.log) as output:
            self._process = subprocess.Popen(
                [sys.executable, *self.arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=REPOSITORY,
                env={**environment_of(self.home, role=self.role), **self.extra_environment},
                pass_fds=tuple(self.handed_files),
                start_new_session=True,  # a terminal's ctrl-C goes to the supervisor alone
            )
        self._started = time.monotonic()
        try:
            self._pid_file.write(self._process.pid)
        except OSError:  # a full disk: a process that no later run would find must not stay
            self._process.kill()
            self._process.wait()
            self._process = None
            raise

    def death(self) -> str | None:
        """What it died of, told once; None while it lives."""
        if self._process is None or self._process.poll() is None:
            return None
        process, self._process = self._process, None
        lived = time.monotonic() - self._started
        _end_group(process.pid)
        wait = self.backoff.died(lived=lived)
        ended_itself = process.returncode >= 0  # then its log says why
        said = f"; {self.log} ends:\n{tail(self.log)}" if ended_itself else ""
        return f"{_cause(process.returncode)}, starting again in {wait:g} s{said}"

    def ask_to_stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)

    def stop(self, *, in_a_hurry: Callable[[], bool] = lambda: False) -> None:
        """See it end, within its grace or by force; at once when asked to hurry."""
        self.ask_to_stop()
        if self._process is not None:
            deadline = time.monotonic() + self.grace
            while self._process.poll() is None:
                if time.monotonic() > deadline or in_a_hurry():
                    self._process.kill()
                    self._process.wait()
                time.sleep(0.02)
            _end_group(self._process.pid)
            self._process = None
        self._pid_file.remove()


class Leftovers:
    """The processes that a killed supervisor of this DATA_DIR left.

    The main ones are asked to end as soon as they are found, so that they can send their own
    children home. What is started from here on is none of them.
    """

    def __init__(self, home: Path) -> None:
        names = [*sorted(path.stem for path in home.glob("web-*.pid")), "worker", "beat"]
        files = {name: PidFile(home / f"{name}.pid") for name in names}
        living = {name: file.living() for name, file in files.items()}
        self._main = {name: pid for name, pid in living.items() if pid is not None}
        self._others = [
            pid for pid in processes.marked(mark_of(home)) if pid not in self._main.values()
        ]
        for pid in self._main.values():
            processes.send(pid, signal.SIGTERM)
        for file in files.values():
            file.remove()

    def end_web(self, *, grace: float) -> list[str]:
        """See the web processes end, which hold the port; return their names."""
        return self._end_main([name for name in self._main if name.startswith("web-")], grace)

    def end(self, *, grace: float) -> list[str]:
        """See all of them end; return their names."""
        ended = self._end_main(list(self._main), grace)
        others = [pid for pid in self._others if processes.is_alive(pid)]
        _end(others, grace=GROUP_GRACE)
        self._others = []
        return [*ended, *(f"process {pid}" for pid in others)]

    def _end_main(self, names: Sequence[str], grace: float) -> list[str]:
        _see_end([self._main.pop(name) for name in names], grace=grace)
        return list(names)


def end_leftovers(home: Path, *, grace: float) -> list[str]:
    """End the processes that a killed supervisor of this DATA_DIR left; return their names."""
    return Leftovers(home).end(grace=grace)


def _end(pids: Iterable[int], *, grace: float) -> None:
    for pid in pids:
        processes.send(pid, signal.SIGTERM)
    _see_end(pids, grace=grace)


def _see_end(pids: Iterable[int], *, grace: float) -> None:
    """Wait for processes that have been asked to end, and kill those that take too long."""
    deadline = time.monotonic() + grace
    for pid in pids:
        if not processes.wait_until_gone(pid, seconds=max(0, deadline - time.monotonic())):
            processes.send(pid, signal.SIGKILL)
            processes.wait_until_gone(pid, seconds=GROUP_GRACE)


def _end_group(leader: int) -> None:
    """End what a process that has just died left of its process group, which bears its number."""
    deadline = time.monotonic() + GROUP_GRACE
    number = signal.SIGTERM
    while members := processes.group_members(leader):
        if time.monotonic() > deadline:
            number = signal.SIGKILL
        for pid in members:
            processes.send(pid, number)
        time.sleep(0.05)


def _cause(code: int) -> str:
    if code < 0:
        return f"was killed ({signal.Signals(-code).name})"
    return f"ended with code {code}"
