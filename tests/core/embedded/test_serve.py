"""`manage.py serve` as an operator meets it: start, crashes, take-over, stop."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from core.embedded.broker import Broker
from core.embedded.children import mark_of
from core.embedded.locks import Lock
from core.embedded.logs import LARGEST
from core.embedded.places import log_dir
from core.embedded.postgres import Postgres
from core.embedded.processes import PidFile, marked, wait_until_gone
from tests.core.embedded.conftest import PATIENCE, REPOSITORY, ask, clear_away, make_top, watch

READY = r"http://localhost:(\d+)/$"


class Service:
    """One run of `serve` on any free port; the test reads what it says line by line."""

    def __init__(self, home: Path, *, is_up: str = READY) -> None:
        self.home = home
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "serve", "--host", "127.0.0.1", "--port", "0"],
            cwd=REPOSITORY,
            env={**os.environ, "DATA_DIR": str(home), "WEB_WORKERS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.said = ""
        self._watchdog = watch(self.process)
        self.port = 0
        self.hear(is_up)

    def hear(self, pattern: str) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line
            if site := re.search(READY, line.rstrip()):
                self.port = int(site.group(1))
            if re.search(pattern, line.rstrip()):
                return
        raise AssertionError(f"never said {pattern!r}:\n{self.said}")

    def answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("GET", "/api/v1/openapi.json")
            return connection.getresponse().status < 500
        finally:
            connection.close()

    def pid(self, name: str) -> int:
        pid = PidFile(self.home / f"{name}.pid").living()
        assert pid is not None, f"{name} does not run"
        return pid

    def stop(self, number: signal.Signals) -> int:
        """Send a signal, hear it out; the exit code."""
        self.process.send_signal(number)
        rest, _ = self.process.communicate(timeout=PATIENCE)
        self.said += rest
        self._watchdog.cancel()
        return self.process.returncode


def test_it_revives_what_dies_takes_over_after_a_kill_and_stops_cleanly(home: Path) -> None:
    postgres, broker = Postgres(home), Broker(home)
    service = Service(home)
    assert service.answers()
    ask(postgres, "CREATE TABLE kept AS SELECT 1 AS n")

    web_before = service.pid("web-1")
    for name in ("web-1", "worker", "beat"):
        before = service.pid(name)
        os.kill(before, signal.SIGKILL)
        service.hear(f"{name} was killed")
        service.hear(f"{name} started again")
        assert service.pid(name) != before
    beat = service.pid("beat")
    assert service.answers(), "the port stays open while the web starts again"
    for server, said in ((postgres, "PostgreSQL runs again"), (broker, "The broker runs again")):
        pid = server.pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        service.hear(said)
    assert service.answers()

    (home / "beat.pid").unlink()
    (home / "beat.pid").symlink_to("/dev/full")
    os.kill(beat, signal.SIGKILL)
    service.hear("beat does not start: .*No space left on device")
    service.hear("The disk of .* is full: make room. Next attempt in")
    (home / "beat.pid").unlink()
    service.hear("beat started again")
    with (log_dir(home) / "beat.log").open("a") as log:
        log.write("x" * LARGEST)
    service.hear("beat.log has grown large, kept as beat.log.1")
    assert (log_dir(home) / "beat.log").stat().st_size < LARGEST

    assert counted_by(home) == {web_before, service.pid("web-1")}
    servers, web = [postgres.pid(), broker.pid()], service.pid("web-1")
    service.stop(signal.SIGKILL)
    assert wait_until_gone(web, seconds=PATIENCE), "a web process ends with its supervisor"
    second = Service(home)
    assert [postgres.pid(), broker.pid()] == servers, "found running, and adopted"
    assert second.answers()
    tables = "Bringing the tables up to date"
    assert (tables in service.said, tables in second.said) == (True, False)
    assert counted_by(home) == {second.pid("web-1")}, "what the killed run counted is cleared"
    assert ask(postgres, "SELECT n FROM kept") == [(1,)]

    assert second.stop(signal.SIGTERM) == 0, second.said
    assert "Stopped" in second.said
    assert postgres.pid() is broker.pid() is None
    assert marked(mark_of(home)) == []


def counted_by(home: Path) -> set[int]:
    """Return the processes whose counts `/metrics` adds up."""
    return {int(path.stem.rpartition("_")[2]) for path in (home / "metrics").iterdir()}


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A disk of its own for a DATA_DIR."""
    top = make_top()
    size = ["-t", "tmpfs", "-o", "size=400m,mode=755", "tmpfs"]
    if subprocess.run(["mount", *size, top], check=False, capture_output=True).returncode != 0:
        top.rmdir()
        pytest.skip("no disk can be mounted here")
    yield top
    clear_away(top / "home")
    subprocess.run(["umount", top], check=True)
    top.rmdir()


def test_it_waits_for_room_on_a_full_disk(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DATABASE_URL", "CELERY_BROKER_URL", "OMNIRETAIL_TEST_DATABASE"):
        monkeypatch.delenv(name, raising=False)
    filler = small_disk / "filler"
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, 380_000_000)
    service = Service(small_disk / "home", is_up="The disk of .* is full: make room. Next attempt")
    assert service.process.poll() is None
    filler.unlink()
    service.hear(READY)
    assert service.answers()
    assert service.stop(signal.SIGTERM) == 0, service.said


def test_it_waits_where_not_even_a_folder_fits(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DATABASE_URL", "CELERY_BROKER_URL", "OMNIRETAIL_TEST_DATABASE"):
        monkeypatch.delenv(name, raising=False)
    limit_files(small_disk, 1)  # the disk's own folder
    service = Service(small_disk / "home", is_up="The disk of .* is full: make room. Next attempt")
    assert not (small_disk / "home").exists()
    limit_files(small_disk, 20_000)
    service.hear(READY)
    assert service.answers()
    assert service.stop(signal.SIGTERM) == 0, service.said


def limit_files(disk: Path, files: int) -> None:
    subprocess.run(["mount", "-o", f"remount,nr_inodes={files}", disk], check=True)


def test_a_database_that_dies_while_tables_are_made_is_started_again(home: Path) -> None:
    service = Service(home, is_up=r"Starting the broker \.\.\. [\d.]+ s")
    postgres = Postgres(home)
    wait_for_migrations(postgres)
    pid = postgres.pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    service.hear(r"The service does not start: manage\.py migrate failed")
    service.hear(READY)
    assert service.answers()
    assert service.stop(signal.SIGTERM) == 0, service.said


def wait_for_migrations(postgres: Postgres) -> None:
    """Until the first tables are there."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with suppress(psycopg.Error):
            if ask(postgres, "SELECT 1 FROM django_migrations"):
                return
    raise AssertionError("no migration was made")


def serve_once(home: Path, port: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "serve", "--port", str(port)],
        cwd=REPOSITORY,
        env={**os.environ, "DATA_DIR": str(home)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def test_a_taken_port_is_one_clear_line(home: Path) -> None:
    with socket.create_server(("0.0.0.0", 0)) as other:
        port = other.getsockname()[1]
        refused = serve_once(home, port)

    assert refused.returncode == 1
    assert f"Port {port} is in use" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    assert Postgres(home).pid() is None, "nothing was started in vain"


def test_one_data_dir_is_served_once(home: Path) -> None:
    home.mkdir()
    lock = Lock(home / "serve.lock")
    assert lock.take()
    try:
        refused = serve_once(home, 0)
    finally:
        lock.release()

    assert refused.returncode == 1
    assert "is being served already" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
