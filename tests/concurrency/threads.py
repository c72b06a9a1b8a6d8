"""Acts that start at the same moment, each in a thread with a connection of its own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connection, transaction


def together(*acts: Callable[[], Any]) -> list[Any]:
    """Run each act in a transaction of its own, all at once; return results or exceptions."""
    barrier = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=30)
            with transaction.atomic():
                return act()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def wait_until_blocked() -> None:
    """Return when another connection waits for a lock that this one holds."""
    with connection.cursor() as cursor:
        for _ in range(100_000):
            cursor.execute(
                """SELECT EXISTS (
                       SELECT 1 FROM pg_locks
                       WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid)))"""
            )
            if cursor.fetchone()[0]:
                return
    raise AssertionError("no connection waits")
