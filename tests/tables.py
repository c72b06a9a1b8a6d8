"""The tables of the database, for tests that search them all."""

from __future__ import annotations

from django.db import connection


def every_table() -> list[str]:
    """Return the names of all tables that are not PostgreSQL's own, partitions included, as SQL
    takes them: with their schema unless it is `public`."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT c.oid::regclass::text
               FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
               ORDER BY 1"""
        )
        return [name for (name,) in cursor.fetchall()]
