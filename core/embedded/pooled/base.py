"""Django's PostgreSQL backend, whose pool stays warm and forgets every dead connection at once.

After a database restart each connection in the pool is dead. Django's own health check throws
them away one by one and sleeps ever longer between, so that a request gives up
before it meets a live one. Here the first dead one has the whole pool looked through.

A connection on whose socket nothing waits to be read lives: whoever ends one says so on it. To ask
each time instead was one round trip a request.
"""

from __future__ import annotations

import select
from typing import Any

from django.db.backends.postgresql import base
from psycopg import Connection, OperationalError
from psycopg_pool import ConnectionPool

# A connection that was lent out while the database died may come back and be handed on.
MOST_LOOKS = 5


class WarmPool(ConnectionPool[Any]):
    """Lends the connection that came back last.

    psycopg's lends the one that has rested longest: a crowd that once opened twenty has every
    statement since go round twenty server processes, whose memory no CPU cache still holds.
    """

    def _get_ready_connection(self, timeout: float | None) -> Connection[Any] | None:
        self._pool.rotate(1)
        return super()._get_ready_connection(timeout)


class DatabaseWrapper(base.DatabaseWrapper):
    @property
    def pool(self) -> WarmPool | None:
        pool = super().pool
        if pool is not None:  # Django names the class of its pools itself
            pool.__class__ = WarmPool
        return pool  # type: ignore[no-any-return]

    def get_new_connection(self, conn_params: dict[str, Any]) -> Connection[Any]:
        """A connection that answered just now; OperationalError when there is none to be had."""
        connection: Connection[Any] = super().get_new_connection(conn_params)
        for _ in range(MOST_LOOKS):
            if self.pool is None or _is_quiet(connection) or _answers(connection):
                break
            self.pool.putconn(connection)  # broken: the pool opens another in its place
            self.pool.check()
            connection = super().get_new_connection(conn_params)
        return connection


def _is_quiet(connection: Connection[Any]) -> bool:
    """Say whether a connection that waits for nothing has been told nothing, its end included."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN | select.POLLRDHUP)
    return not poll.poll(0)


def _answers(connection: Connection[Any]) -> bool:
    try:
        ConnectionPool.check_connection(connection)
    except OperationalError:
        return False
    return True
