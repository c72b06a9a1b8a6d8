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


def wait_until_blocked(connections: int = 1) -> None:
    """Return when so many connections of the test's database wait for a lock."""
    with connection.cursor() as cursor:
        for _ in range(100_000):
            # Not pg_stat_activity, which stands still within a transaction.
            cursor.execute(
                """SELECT count(DISTINCT w.pid) FROM pg_locks w JOIN pg_locks m USING (pid)
                   JOIN pg_database d ON d.oid = m.database
                   WHERE NOT w.granted AND d.datname = current_database()"""
            )
            if cursor.fetchone()[0] >= connections:
                return
    raise AssertionError("no connection waits")
