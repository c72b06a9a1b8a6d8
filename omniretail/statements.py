"""Statements of the busiest paths: parsed and planned once a connection, values sent beside them.

Django writes values into the text of a statement, so PostgreSQL parses and plans it at every call
and Python quotes every value; for a set of orders that was a fifth of the web's CPU. The ORM and
what is asked now and then stay with Django's cursor.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import psycopg
from django.db import connection

Values = Sequence[Any] | Mapping[str, Any]


def run(text: str, values: Values | None = None) -> list[tuple[Any, ...]]:
    """Run one statement in the current transaction and return its rows, none if it has none.

    The text comes from the code and says the type of every value (`%s::bigint[]`); lists of
    numbers are given by `numbers`, lists of text in binary (`%b::text[]`), which spares escaping
    them. Raises Django's database errors.
    """
    connection.validate_no_broken_transaction()
    connection.ensure_connection()
    if connection.queries_logged:
        connection.queries_log.append({"sql": text, "time": "0.000"})
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(text, values, prepare=True)
        # Asking for `description` would build an object a column.
        result = cursor.pgresult
        return cursor.fetchall() if result is not None and result.nfields else []


def numbers(values: Iterable[int]) -> str:
    """Write whole numbers as PostgreSQL reads an array.

    A list would be sent as an array of the smallest type that holds it, and each type is a
    statement of its own to be planned.
    """
    return "{" + ",".join(map(str, values)) + "}"
