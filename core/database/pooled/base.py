"""Django's PostgreSQL backend, whose pool forgets every dead connection at once.

After a database restart each connection in the pool is dead. Django's own health check throws
them away one by one and sleeps ever longer between, so that a request gives up
before it meets a live one. Here the first dead one has the whole pool looked through.

A connection lives as long as nothing waits to be read on its socket: the server says something when
it ends one. To ask the server each time instead was one round trip a request.
"""

from __future__ import annotations

import select
from typing import Any

from django.db.backends.postgresql import base
from psycopg import Connection, Error
from psycopg_pool import ConnectionPool

# A connection that was lent out while the database died may come back and be handed on.
MOST_LOOKS = 5


class DatabaseWrapper(base.DatabaseWrapper):
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
    except Error:
        return False
    return True
