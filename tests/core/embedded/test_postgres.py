"""The embedded PostgreSQL through crashes, leftovers and awkward places."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from core.embedded import database
from core.embedded.errors import EmbeddedError
from core.embedded.places import servers_dir, socket_dir
from core.embedded.postgres import Postgres
from core.embedded.processes import is_alive, wait_until_gone
from core.roles.names import OWNER
from tests.core.embedded.conftest import ask, clear_away


@pytest.fixture
def stranger() -> Iterator[int]:
    """The pid of a living process that has nothing to do with us."""
    with subprocess.Popen(["sleep", "600"]) as process:
        yield process.pid
        process.kill()


def kill(postgres: Postgres) -> int:
    """kill -9 of the postmaster; its pid."""
    pid = postgres.pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert postgres.pid() is None or wait_until_gone(pid, seconds=10)
    return pid


def cluster_of(home: Path) -> Path:
    (cluster,) = servers_dir(home).glob("postgres-*")
    return cluster


def test_it_starts_from_nothing_and_leaves_nothing_running(home: Path) -> None:
    postgres = Postgres(home, durable=False)
    assert postgres.start()
    pid = postgres.pid()
    assert pid is not None
    assert ask(postgres, "SELECT 1") == [(1,)]

    assert not postgres.start(), "a second start finds the first"
    postgres.stop()

    assert not is_alive(pid)
    assert list(postgres.sockets.iterdir()) == []


def test_data_survives_a_killed_postmaster(postgres: Postgres) -> None:
    postgres = Postgres(postgres.home)  # durable, as `serve` runs it
    postgres.start()
    assert ask(postgres, "SHOW fsync") == ask(postgres, "SHOW synchronous_commit") == [("on",)]
    ask(postgres, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")

    killed = kill(postgres)

    assert postgres.start()
    assert postgres.pid() != killed
    assert ask(postgres, "SELECT count(*) FROM kept") == [(1000,)]


@pytest.mark.parametrize("content", ["{stranger}\n{cluster}\n1\n5432\n", ""])
def test_lock_files_of_a_power_cut_do_not_stop_the_start(
    postgres: Postgres, home: Path, stranger: int, content: str
) -> None:
    """The number in a lock file may belong to another program by now, or be missing."""
    postgres.start()
    postgres.stop()
    stale = content.format(stranger=stranger, cluster=cluster_of(home))
    (cluster_of(home) / "postmaster.pid").write_text(stale)
    (socket_dir(home) / ".s.PGSQL.5432.lock").write_text(stale)
    assert postgres.pid() is None

    postgres.start()

    assert ask(postgres, "SELECT 1") == [(1,)]
    assert is_alive(stranger)


def test_a_half_made_database_is_made_again(postgres: Postgres, home: Path) -> None:
    postgres.start()
    postgres.stop()
    cluster = cluster_of(home)
    cluster.rename(cluster.with_name(f"{cluster.name}.unfinished"))

    postgres.start()

    assert ask(postgres, "SELECT 1") == [(1,)]
    assert cluster_of(home) == cluster


@pytest.mark.parametrize("name", ["long" * 40, "blank, comma and 'quote'"])
def test_awkward_paths_get_a_short_socket(
    make_home: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    home = make_home(name)
    monkeypatch.setenv("DATA_DIR", str(home))
    Postgres(home, durable=False).start()
    settings = database()

    with psycopg.connect(
        host=settings["HOST"],
        port=settings["PORT"],
        user=OWNER,  # whom the server tells where its files are
        dbname=settings["NAME"],
    ) as connection:
        ((where,),) = connection.execute("SHOW data_directory")

    assert where == str(cluster_of(home))


def test_data_of_another_major_version_is_not_passed_over(postgres: Postgres, home: Path) -> None:
    """An empty database in its place would look like losing all the data."""
    postgres.start()
    postgres.stop()
    cluster_of(home).rename(servers_dir(home) / "postgres-9")

    with pytest.raises(EmbeddedError, match="holds data of PostgreSQL 9"):
        postgres.start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's servers run as another user")
def test_root_keeps_data_outside_a_closed_home(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    home = tmp_path / "home"
    postgres = Postgres(home, durable=False)
    try:
        postgres.start()
        assert ask(postgres, "SELECT 1") == [(1,)]
        assert (home / "servers").is_symlink()
        assert tmp_path.stat().st_mode & 0o777 == 0o700, "the user's folder stays as it was"
    finally:
        clear_away(home)


BEGIN = """
import sys
from pathlib import Path
from core.embedded.use import Use
use = Use(Path(sys.argv[1]), durable=False)
use.begin()
print(use.postgres.pid(), flush=True)
sys.stdin.readline()
use.end()
"""


def user_process(home: Path) -> subprocess.Popen[str]:
    """A process that uses the database until it is sent a line."""
    return subprocess.Popen(
        [sys.executable, "-c", BEGIN, str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def told_pid(user: subprocess.Popen[str]) -> int:
    assert user.stdout is not None
    return int(user.stdout.readline())


def test_many_starts_at_once_give_one_server_and_the_last_user_stops_it(home: Path) -> None:
    users = [user_process(home) for _ in range(4)]
    (pid,) = {told_pid(user) for user in users}

    for user in users:
        assert is_alive(pid), "it is still used"
        user.communicate("\n")

    assert not is_alive(pid)


def test_the_server_of_a_killed_command_is_adopted(home: Path) -> None:
    first = user_process(home)
    pid = told_pid(first)
    first.kill()
    first.communicate()
    assert is_alive(pid)

    second = user_process(home)

    assert told_pid(second) == pid
    second.communicate("\n")
    assert not is_alive(pid)


def test_its_log_holds_no_values_of_rows(home: Path, empty_database: Path) -> None:
    subprocess.run(["cp", "-a", empty_database, home], check=True)
    server = Postgres(home)
    server.start()
    ask(server, "CREATE TABLE person (email text PRIMARY KEY)")
    for _ in range(2):
        with suppress(psycopg.errors.UniqueViolation):
            ask(server, "INSERT INTO person VALUES ('ada@example.org')")
    server.stop()
    said = server.log.read_text()
    assert "duplicate key value violates unique constraint" in said
    assert "ada@example.org" not in said
    assert server.log.stat().st_mode & 0o777 == 0o600
