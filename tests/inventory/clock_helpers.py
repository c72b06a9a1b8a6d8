"""A database whose clock is wrong, as a step of NTP, a resume or a fail-over leaves it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import connection

from inventory.timestamps import database_now

# Functions that are found before those of PostgreSQL: all that reads the clock by its name reads
# this one.
_CLOCKS = """
CREATE SCHEMA IF NOT EXISTS stepped;
GRANT USAGE ON SCHEMA stepped TO PUBLIC;
CREATE OR REPLACE FUNCTION stepped.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS
    $$ SELECT pg_catalog.clock_timestamp() + current_setting('stepped.ahead')::interval $$;
CREATE OR REPLACE FUNCTION stepped.statement_timestamp() RETURNS timestamptz LANGUAGE sql STABLE AS
    $$ SELECT pg_catalog.statement_timestamp() + current_setting('stepped.ahead')::interval $$;
"""


def set_clock_ahead(by: timedelta) -> None:
    """Let the database's clock be ahead of ours from now on; behind it, if negative."""
    with connection.cursor() as cursor:
        cursor.execute(_CLOCKS)
        cursor.execute(
            """SELECT set_config('stepped.ahead', %s, true),
                      set_config('search_path', 'stepped, pg_catalog, public', true)""",
            [f"{by.total_seconds()} seconds"],
        )


@contextmanager
def clock_ahead(**by: float) -> Iterator[None]:
    """Let the database's clock be ahead for a while, by so many `hours` or `minutes`."""
    before = database_now()
    set_clock_ahead(timedelta(**by))
    assert database_now() - before > timedelta(**by)
    yield
    set_clock_ahead(timedelta())
