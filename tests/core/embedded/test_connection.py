"""What Django is told about its database, by URL and by role."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError
from django.db.utils import ConnectionHandler

from core.embedded import broker_url, data_dir, database
from core.embedded.postgres import Postgres
from core.embedded.processes import wait_until_gone


@pytest.fixture(autouse=True)
def _may_connect(django_db_blocker: Any) -> Iterator[None]:
    """These tests use databases of their own, never the one that the blocker guards."""
    with django_db_blocker.unblock():
        yield


@contextmanager
def connected() -> Iterator[Any]:
    handler = ConnectionHandler({"default": database()})
    try:
        yield handler["default"]
    finally:
        handler.close_all()
        handler["default"].close_pool()


def show(connection: Any, name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {name}")
        return str(cursor.fetchone()[0])


@pytest.mark.parametrize(
    ("role", "statement_timeout", "plans"),
    [("web", "30s", "force_generic_plan"), ("worker", "0", "auto"), ("manage", "0", "auto")],
)
def test_each_role_has_its_own_settings(
    postgres: Postgres,
    monkeypatch: pytest.MonkeyPatch,
    role: str,
    statement_timeout: str,
    plans: str,
) -> None:
    monkeypatch.setenv("OMNIRETAIL_ROLE", role)
    postgres.start()
    with connected() as connection:
        assert show(connection, "statement_timeout") == statement_timeout
        assert show(connection, "plan_cache_mode") == plans
        assert show(connection, "lock_timeout") == "10s"
        assert show(connection, "idle_in_transaction_session_timeout") == "1min"
        assert show(connection, "transaction_isolation") == "read committed"


def restart_after_kill(postgres: Postgres) -> None:
    pid = postgres.pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert postgres.pid() is None or wait_until_gone(pid, seconds=10)
    postgres.start()


def test_a_request_after_a_database_restart_meets_no_dead_connection(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With every connection of a full pool dead, the first request must get a living one."""
    monkeypatch.setenv("OMNIRETAIL_ROLE", "web")
    postgres.start()
    with connected() as connection:
        fill_pool(connection)
        assert connection.pool.get_stats()["pool_size"] == 16

        restart_after_kill(postgres)

        for _ in range(20):
            assert show(connection, "lock_timeout") == "10s"
            connection.close()  # back into the pool, as at the end of a request


def fill_pool(connection: Any) -> None:
    """Sixteen requests at the same moment, as the threads of one web process make."""
    together = threading.Barrier(16)

    def request() -> None:
        mine = connection.copy()
        with mine.cursor() as cursor:
            cursor.execute("SELECT 1")
            together.wait(30)
        mine.close()

    threads = [threading.Thread(target=request) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_task_after_a_database_restart_meets_no_dead_connection(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMNIRETAIL_ROLE", "worker")
    postgres.start()
    with connected() as connection:
        assert show(connection, "lock_timeout") == "10s"

        restart_after_kill(postgres)

        connection.close_if_unusable_or_obsolete()  # as Celery does before each task
        assert show(connection, "lock_timeout") == "10s"


def test_a_database_that_is_down_is_an_error_and_not_a_hang(
    postgres: Postgres, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connected() as connection, pytest.raises(OperationalError):
        show(connection, "lock_timeout")


def test_a_url_wins_over_the_embedded_database(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "DATABASE_URL",
        "postgres://shop:p%40ss@db.example:6432/retail?sslmode=require&options=-c%20jit%3Doff",
    )
    monkeypatch.setenv("CELERY_BROKER_URL", "amqp://broker.example//")

    settings = database()

    assert settings["NAME"] == "retail"
    assert (settings["USER"], settings["PASSWORD"]) == ("shop", "p@ss")
    assert (settings["HOST"], settings["PORT"]) == ("db.example", "6432")
    assert settings["OPTIONS"]["sslmode"] == "require"
    assert settings["OPTIONS"]["options"].endswith("-c jit=off"), "what the URL says comes last"
    assert broker_url() == "amqp://broker.example//"


def test_a_url_may_name_a_socket(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    postgres.start()
    quoted = str(postgres.sockets).replace("/", "%2F")
    monkeypatch.setenv("DATABASE_URL", f"postgresql://omniretail@{quoted}:5432/omniretail")
    with connected() as connection:
        assert show(connection, "lock_timeout") == "10s"


@pytest.mark.parametrize("url", ["mysql//secret@x", "postgres://u:secret@[h/x", "secret"])
def test_an_unreadable_url_is_refused_without_repeating_it(
    home: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)

    with pytest.raises(ImproperlyConfigured) as refused:
        database()

    assert "secret" not in str(refused.value)


def test_a_url_without_a_database_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://user@host")
    with pytest.raises(ImproperlyConfigured, match="names no database"):
        database()


def test_asking_for_settings_starts_and_makes_nothing(home: Path) -> None:
    database()
    broker_url()

    assert data_dir() == home
    assert not home.exists()
