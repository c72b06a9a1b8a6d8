"""Distinguishing our processes from later ones with the same pid.

A pid alone proves nothing after a power cut or a few days: the system reuses numbers.
"""

from __future__ import annotations

import io
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from core.embedded.account import Account

PROC = Path("/proc")

# Servers that this process started. They may outlive it; until then it must wait for their end,
# or they stay in the table of processes when they are dead.
_launched: dict[int, subprocess.Popen[bytes]] = {}


def launch(
    command: Sequence[str], *, output: io.FileIO, environment: Mapping[str, str], account: Account
) -> int:
    """Start a server that outlives this process; return its pid."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        env=environment,
        cwd="/",
        start_new_session=True,  # a terminal's ctrl-C must not reach it before the others
        **account.popen_arguments,
    )
    _launched[process.pid] = process
    return process.pid


def started(pid: int) -> str | None:
    """A text that no other process with this number ever shares; None when it is not alive."""
    if pid in _launched and _launched[pid].poll() is not None:
        del _launched[pid]
    if not PROC.joinpath("self").exists():
        answer = subprocess.run(
            ["ps", "-o", "state=,lstart=", "-p", str(pid)],
            capture_output=True,
            text=True,
            check=False,
        ).stdout.strip()
        return None if not answer or answer.startswith("Z") else answer.split(maxsplit=1)[1]
    try:
        line = (PROC / str(pid) / "stat").read_text()
        boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = line.rpartition(")")[2].split()  # the name before it may hold anything
    return None if fields[0] in "ZX" else f"{boot} {fields[19]}"


def is_alive(pid: int) -> bool:
    return started(pid) is not None


def command_line(pid: int) -> str:
    if not PROC.joinpath("self").exists():
        return subprocess.run(
            ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
        ).stdout
    try:
        return (
            (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        )
    except OSError:
        return ""


def is_number_taken(pid: int) -> bool:
    """Whether any process has the number, a zombie included."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def working_in(folder: Path, *, programs: tuple[str, ...]) -> list[int]:
    """Processes of these programs with `folder` as working directory (Linux alone can tell).

    The program is compared as well: a person's shell may have the folder as its own.
    """
    found = []
    for entry in _entries():
        try:
            program = Path(os.readlink(entry / "exe")).name
            where = os.readlink(entry / "cwd")
        except OSError:  # ended meanwhile, or not readable by this account
            continue
        if where == str(folder) and program.startswith(programs) and is_alive(int(entry.name)):
            found.append(int(entry.name))
    return found


def marked(mark: str) -> list[int]:
    """Living processes that got `mark` (`NAME=value`) in their environment (Linux alone)."""
    wanted = os.fsencode(mark)
    found = []
    for entry in _entries():
        try:
            environment = (entry / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if wanted in environment and is_alive(int(entry.name)):
            found.append(int(entry.name))
    return found


def group_members(leader: int) -> list[int]:
    """Running processes of the group `leader`, whether or not the leader still runs."""
    if not PROC.joinpath("self").exists():
        told = subprocess.run(
            ["ps", "-ax", "-o", "pgid=,pid=,state="], capture_output=True, text=True, check=False
        ).stdout
        rows = [line.split() for line in told.splitlines()]
        return [int(pid) for group, pid, state in rows if int(group) == leader and state[0] != "Z"]
    found = []
    for entry in _entries():
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == leader and fields[0] not in "ZX":
            found.append(int(entry.name))
    return found


def _entries() -> list[Path]:
    return list(PROC.glob("[0-9]*")) if PROC.exists() else []


def send(pid: int, number: signal.Signals) -> None:
    """Send a signal; a process that has ended already is no error."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def wait_until_gone(pid: int, *, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while is_alive(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


class PidFile:
    """The number of a process and when it began, so that a later process is not mistaken for it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, pid: int) -> None:
        self.path.write_text(f"{pid} {started(pid)}\n")

    def living(self) -> int | None:
        try:
            number, _, since = self.path.read_text().strip().partition(" ")
        except FileNotFoundError:
            return None
        if number.isdigit() and since and started(int(number)) == since:
            return int(number)
        return None

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)
