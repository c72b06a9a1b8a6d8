"""Statements of the busiest paths: parsed and planned once a connection, values sent beside them.

Django writes values into the text of a statement, so PostgreSQL parses and plans it at every call
and Python quotes every value. The ORM and what is asked now and then stay with Django's cursor.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import psycopg
from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import QuerySet
from psycopg.rows import RowFactory, dict_row, tuple_row

Values = Sequence[Any] | Mapping[str, Any]
Row = TypeVar("Row")


def run(text: str, values: Values = ()) -> list[tuple[Any, ...]]:
    """Run one statement in the current transaction and return its rows, none if it has none.

    The text comes from the code and says the type of every value (`%s::bigint`); lists of
    numbers are given by `numbers`; lists of text or bytes in binary (`%b::text[]`, `%b::bytea[]`),
    which spares escaping them. Raises Django's database errors.
    """
    return _run(text, values, tuple_row)


def run_named(text: str, values: Values = ()) -> list[dict[str, Any]]:
    """Run one statement as `run` does; return its rows by the names of their columns."""
    return _run(text, values, dict_row)


def numbers(values: Iterable[int]) -> str:
    """Write whole numbers as PostgreSQL reads an array."""
    return "{" + ",".join(map(str, values)) + "}"


def written_out(rows: QuerySet[Any, Any], *, of: str) -> str:
    """Return a query of one column of a type, with its values in it, as a part of a statement that
    is given others."""
    try:
        text, values = rows.query.sql_with_params()
    except EmptyResultSet:
        return f"SELECT NULL::{of} WHERE false"
    connection = connections[DEFAULT_DB_ALIAS]
    connection.ensure_connection()
    written = psycopg.ClientCursor(connection.connection).mogrify(text, values)
    return written.replace("%", "%%")


def _run(text: str, values: Values, rows: RowFactory[Row]) -> list[Row]:
    connection = connections[DEFAULT_DB_ALIAS]  # the proxy looks it up anew for each attribute
    connection.validate_no_broken_transaction()
    connection.ensure_connection()
    if connection.queries_logged:
        connection.queries_log.append({"sql": text, "time": "0.000"})
    with connection.wrap_database_errors:
        cursor = psycopg.Cursor(connection.connection, row_factory=rows)
        cursor.execute(text, values, prepare=True)
        # Not `description`, which makes an object of every column at every call.
        result = cursor.pgresult
        return cursor.fetchall() if result is not None and result.nfields else []
