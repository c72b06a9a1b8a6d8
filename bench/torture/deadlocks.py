"""Deadlocks of the storm's own database, as PostgreSQL's log tells of them."""

from __future__ import annotations

import re
from itertools import takewhile
from pathlib import Path

from environment import Environment

from core.embedded.connection import DATABASE_NAME

FOUND = "ERROR:  deadlock detected"
_RECORD = re.compile(r"^(?=\d{4}-\d\d-\d\d .*? \[\d+\] )", re.MULTILINE)
_MORE = re.compile(r"^.*?\] \S* \S* *(?=(?:DETAIL|HINT|CONTEXT|STATEMENT):  )")


def log_in_full(environment: Environment) -> None:
    """Let the database of a storm log who waited for whom, with which statements.

    A service keeps that out of its log, because statements hold names and addresses: here they are
    made up. A setting of the database outweighs those with which the server was started, and stays
    when that is killed; connections that are open have the old one until they end.
    """
    with environment.connect() as connection:
        connection.execute(f"ALTER DATABASE {DATABASE_NAME} SET log_error_verbosity = 'default'")
        connection.execute(
            """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE datname = current_database() AND pid <> pg_backend_pid()"""
        )


def read_deadlocks(log: Path) -> list[str]:
    """Return what a log says of each deadlock: both sides, each with its statement."""
    try:
        text = log.read_text(errors="replace")
    except FileNotFoundError:
        return []
    records = re.split(_RECORD, text)
    return [_tell(records[at:]) for at, each in enumerate(records) if FOUND in each]


def _tell(records: list[str]) -> str:
    """Return the first record and those that belong to it, on one line."""
    more = takewhile(_MORE.match, records[1:])
    return " ".join(" ".join([records[0], *(_MORE.sub("", each) for each in more)]).split())
