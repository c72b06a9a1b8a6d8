"""A DATA_DIR of its own for each test, with nothing left running or lying about after it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from core.embedded import data_dir
from core.embedded.broker import Broker
from core.embedded.children import end_leftovers
from core.embedded.places import servers_dir, socket_dir
from core.embedded.postgres import Postgres

REPOSITORY = Path(__file__).resolve().parents[3]
PATIENCE = 180  # seconds until a run that says nothing is ended, and its test with it
MEMORY = Path("/dev/shm")
ROOM_NEEDED = 2_000_000_000  # bytes


def watch(process: subprocess.Popen[str]) -> threading.Timer:
    """End a process that leads a session when its time is over, with all that it started: one
    that is left would keep its output open, and who reads that waits for ever."""

    def end() -> None:
        os.killpg(process.pid, signal.SIGKILL)

    watchdog = threading.Timer(PATIENCE, end)
    watchdog.daemon = True
    watchdog.start()
    return watchdog


def make_top() -> Path:
    """An empty folder open to the servers' account (pytest's own is not); in memory if possible,
    since each test writes a whole database of 60 MB."""
    has_room = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM_NEEDED
    top = Path(tempfile.mkdtemp(prefix="omniretail-test-", dir=MEMORY if has_room else data_dir()))
    top.chmod(0o755)
    return top


def clear_away(home: Path) -> None:
    end_leftovers(home, grace=1)
    Broker(home).stop()
    Postgres(home).stop()
    for folder in {servers_dir(home), socket_dir(home), home}:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def make_home() -> Iterator[Callable[[str], Path]]:
    """Makes DATA_DIRs."""
    made = []

    def make(name: str = "home") -> Path:
        top = make_top()
        made.append(top)
        return top / name

    yield make
    for top in made:
        for home in top.iterdir():
            clear_away(home)
        shutil.rmtree(top)


@pytest.fixture
def home(make_home: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """This process's DATA_DIR for the test, with no URL that leads elsewhere."""
    path = make_home("home")
    monkeypatch.setenv("DATA_DIR", str(path))
    for name in ("DATABASE_URL", "CELERY_BROKER_URL", "OMNIRETAIL_TEST_DATABASE"):
        monkeypatch.delenv(name, raising=False)
    return path


@pytest.fixture(scope="session")
def empty_database() -> Iterator[Path]:
    """A DATA_DIR with a stopped, empty database, made once: each copy saves a second."""
    top = make_top()
    postgres = Postgres(top / "home", durable=False)
    postgres.start()
    postgres.stop()
    yield postgres.home
    clear_away(postgres.home)
    shutil.rmtree(top)


@pytest.fixture
def postgres(home: Path, empty_database: Path) -> Postgres:
    """A stopped server with an empty database."""
    subprocess.run(["cp", "-a", empty_database, home], check=True)
    return Postgres(home, durable=False)


def ask(postgres: Postgres, statement: str) -> list[Any]:
    """Run one statement in the service's database, in a transaction of its own."""
    with psycopg.connect(postgres.address("omniretail")) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []
