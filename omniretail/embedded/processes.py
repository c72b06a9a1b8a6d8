"""Telling our processes from others that happen to bear the same number.

A pid alone proves nothing after a power cut or a few days: the number may have passed on.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

PROC = Path("/proc")


def started(pid: int) -> str | None:
    """A text that no other process with this number ever shares; None when it is not alive."""
    if not PROC.joinpath("self").exists():
        answer = subprocess.run(
            ["ps", "-o", "state=,lstart=", "-p", str(pid)],
            capture_output=True, text=True, check=False,
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
        return (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(
            errors="replace"
        )
    except OSError:
        return ""


def working_in(folder: Path) -> list[int]:
    """The processes whose working directory is `folder` (Linux alone can tell)."""
    found = []
    for entry in PROC.glob("[0-9]*") if PROC.exists() else ():
        try:
            if os.readlink(entry / "cwd") == str(folder) and is_alive(int(entry.name)):
                found.append(int(entry.name))
        except OSError:  # gone meanwhile, or not ours to see
            continue
    return found


def send(pid: int, number: signal.Signals) -> None:
    """Send a signal; a process that is gone already is as good as told."""
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
