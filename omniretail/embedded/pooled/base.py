"""Django's PostgreSQL backend, whose pool forgets every dead connection at once.

After a database restart each connection in the pool is dead. Django's own health check throws
them away one by one and sleeps ever longer between, so that a request gives up
before it meets a live one. Here the first dead one has the whole pool looked through.

A connection that was lent within the last second is not asked again whether it lives: under load
that was one round trip a request. If the database died in that second, the statement says so.
"""

from __future__ import annotations

import time
import weakref
from typing import Any

from django.db.backends.postgresql import base
from psycopg import Connection, OperationalError
from psycopg_pool import ConnectionPool

# A connection that was lent out while the database died may come back and be handed on.
MOST_LOOKS = 5
FRESH = 1.0  # seconds since it was last lent

_lent_at: weakref.WeakKeyDictionary[Connection[Any], float] = weakref.WeakKeyDictionary()


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: dict[str, Any]) -> Connection[Any]:
        """A connection that answered just now; OperationalError when there is none to be had."""
        connection: Connection[Any] = super().get_new_connection(conn_params)
        for _ in range(MOST_LOOKS):
            if self.pool is None or _is_fresh(connection) or _answers(connection):
                break
            self.pool.putconn(connection)  # broken: the pool opens another in its place
            self.pool.check()
            connection = super().get_new_connection(conn_params)
        _lent_at[connection] = time.monotonic()
        return connection


def _is_fresh(connection: Connection[Any]) -> bool:
    return time.monotonic() - _lent_at.get(connection, -FRESH) < FRESH


def _answers(connection: Connection[Any]) -> bool:
    try:
        ConnectionPool.check_connection(connection)
    except OperationalError:
        return False
    return True
