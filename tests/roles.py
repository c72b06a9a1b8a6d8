"""Whose rights a test has: those of the role that runs the service, or of the owner.

Tests connect as the owner, because they make databases and break what is guarded. What stands for
the service takes on its role. With DATABASE_URL there is one role, and nothing changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from django.db import connection
from django.db.backends.signals import connection_created

from core.embedded.connection import is_database_embedded
from core.roles.names import EMBEDDED

SERVICE = f'SET ROLE "{EMBEDDED.run}"'
OWNER = "RESET ROLE"


@contextmanager
def as_the_service() -> Iterator[None]:
    """Have no more rights than the service, in all connections that are opened meanwhile too."""
    with _as(SERVICE):
        yield


@contextmanager
def as_the_owner() -> Iterator[None]:
    """Have all rights again within `as_the_service`."""
    with _as(OWNER):
        yield


@contextmanager
def rewriting() -> Iterator[None]:
    """Change what is append-only, as only functions of the database may."""
    with connection.cursor() as cursor:
        cursor.execute("SET omniretail.append_only = 'off'")
    yield
    with connection.cursor() as cursor:
        cursor.execute("RESET omniretail.append_only")


_current = [OWNER]


@contextmanager
def _as(statement: str) -> Iterator[None]:
    if not is_database_embedded():
        yield
        return
    _current.append(statement)
    _take_on(connection)
    try:
        yield
    finally:
        _current.pop()
        _take_on(connection)


def _take_on(its: Any) -> None:
    """Past Django's cursor: tests count the statements that it sends."""
    if its.connection is not None and not its.connection.closed:
        with suppress(psycopg.Error):  # of a transaction that failed: its end does it
            its.connection.execute(_current[-1])


def _opened(connection: Any, **_: Any) -> None:
    if _current[-1] != OWNER:
        _take_on(connection)


connection_created.connect(_opened)
