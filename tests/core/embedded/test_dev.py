"""`manage.py dev`: it starts, starts again at a change of the code, and stops whole."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.embedded.broker import Broker
from core.embedded.children import mark_of
from core.embedded.locks import Lock
from core.embedded.port import take_port
from core.embedded.postgres import Postgres
from core.embedded.processes import PidFile, is_alive, marked
from tests.core.embedded.conftest import PATIENCE, REPOSITORY, watch

SERVING = "Starting development server at http://127.0.0.1:"


class Development:
    """One run of `dev`; the test reads what it says line by line."""

    def __init__(self, home: Path) -> None:
        with take_port("127.0.0.1", 0) as free:
            self.port = int(free.getsockname()[1])
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "dev"],
            cwd=REPOSITORY,
            env={
                **os.environ,
                "DATA_DIR": str(home),
                "PORT": str(self.port),
                "DEBUG": "1",
                "PYTHONUNBUFFERED": "1",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._watchdog = watch(self.process)

    def hear(self, words: str) -> None:
        assert self.process.stdout is not None
        said = ""
        for line in self.process.stdout:
            said += line
            if words in line:
                return
        raise AssertionError(f"never said {words!r}:\n{said}")

    def is_ready(self) -> bool:
        """Whether database, migrations and broker are there."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        finally:
            connection.close()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=PATIENCE)
        self._watchdog.cancel()


@contextmanager
def keep_changing(path: Path) -> Iterator[None]:
    """Change a file's time each second: the reloader first looks some time after it serves."""
    done = threading.Event()

    def change() -> None:
        while not done.wait(1):
            path.touch()

    changing = threading.Thread(target=change)
    changing.start()
    try:
        yield
    finally:
        done.set()
        changing.join()


def test_it_starts_again_at_a_change_and_stops_whole(home: Path) -> None:
    development = Development(home)
    development.hear(SERVING)
    assert development.is_ready()
    worker = PidFile(home / "worker.pid").living()
    assert worker is not None

    with keep_changing(REPOSITORY / "manage.py"):
        development.hear("changed, reloading")
    development.hear(SERVING)
    assert development.is_ready()
    assert not is_alive(worker), "the worker reads the new code too"
    assert PidFile(home / "worker.pid").living()

    development.stop()
    assert Postgres(home).pid() is Broker(home).pid() is None
    assert marked(mark_of(home)) == []


def test_one_data_dir_is_served_once(home: Path) -> None:
    home.mkdir()
    lock = Lock(home / "serve.lock")
    assert lock.take()
    try:
        refused = subprocess.run(
            [sys.executable, "manage.py", "dev"],
            cwd=REPOSITORY,
            env={**os.environ, "DATA_DIR": str(home)},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    finally:
        lock.release()

    assert refused.returncode == 1
    assert "is being served already" in refused.stderr
