"""What an operator meets: each with clients at work before and after, and the same books.

A full disk, a broker that is away, a backup restored elsewhere, a folder that was moved, an
upgrade from an older commit.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from environment import REPOSITORY, Environment

from core.embedded.binaries import find_postgres
from core.embedded.broker import Broker
from core.embedded.places import socket_dir
from core.embedded.postgres import Postgres
from core.embedded.processes import send
from torture.deadlocks import log_in_full
from torture.storm import Storm

BEFORE, AFTER = 20.0, 15.0  # seconds of storm
CHUNK = 1_000_000  # bytes
AWAY = 12.0  # seconds without a broker, or without room on the disk


def without_broker(storm: Storm) -> None:
    """Kill it again and again: sales go on, and what waited is done afterwards."""

    def keep_away() -> None:
        deadline = time.monotonic() + AWAY
        while time.monotonic() < deadline:
            if pid := Broker(storm.environment.home).pid():
                send(pid, signal.SIGKILL)
            time.sleep(0.1)

    began = len(storm.books.orders)
    storm.run(BEFORE, incident=keep_away)
    sold = len(storm.books.orders) - began
    storm.books.check("sales_go_on", sold > 0, "no order was accepted without a broker")


def moved(storm: Storm) -> None:
    """Stop the service, rename its folder, start it there."""
    environment = storm.environment
    environment.program.stop()
    environment.rehome(environment.home.rename(environment.home.with_name("moved")))
    environment.start()
    storm.run(AFTER, incident=_nothing)


def restored(storm: Storm) -> None:
    """Take a backup while the service runs, and restore it into another folder."""
    environment = storm.environment
    programs = find_postgres(existing_majors=set()).bin
    dump = environment.home.with_name("backup.dump")
    _run([programs / "pg_dump", "--format", "custom", "--file", dump, "omniretail"], environment)
    environment.program.stop()
    old, new = environment.home, environment.home.with_name("restored")
    new.mkdir()
    new.chmod(0o755)
    shutil.copy(old / "secret_key", new / "secret_key")
    environment.rehome(new)
    postgres = Postgres(new)
    postgres.start()  # with a database that is empty
    _run([programs / "pg_restore", "--exit-on-error", "--dbname", "omniretail", dump], environment)
    postgres.stop()
    environment.start()
    log_in_full(environment)  # a dump has no settings of the database
    storm.settle()
    storm.run(AFTER, incident=_nothing)


def with_full_disk(storm: Storm) -> None:
    """Fill the disk that the folder is on; every write is refused until there is room again."""
    filler = storm.environment.home.parent / "filler"

    def fill() -> None:
        time.sleep(3.0)
        deadline = time.monotonic() + AWAY
        with filler.open("wb", buffering=0) as file:
            while time.monotonic() < deadline:
                try:
                    file.write(bytes(CHUNK))
                except OSError:  # it is full: whatever becomes free is taken as well
                    time.sleep(0.1)
        filler.unlink()

    storm.run(BEFORE + AFTER, incident=fill)


def upgraded(storm: Storm) -> None:
    """Stop the old code, start the new one on the same folder."""
    storm.run(BEFORE, incident=_nothing)
    storm.environment.program.stop()
    storm.environment.checkout = REPOSITORY
    storm.environment.start()
    storm.run(AFTER, incident=_nothing)


def _nothing() -> None:
    """Let the clients work in peace."""


def _run(command: list[str | Path], environment: Environment) -> None:
    subprocess.run(
        [str(word) for word in command],
        env=os.environ | {"PGHOST": str(socket_dir(environment.home)), "PGUSER": "omniretail"},
        capture_output=True, check=True,
    )  # fmt: skip
