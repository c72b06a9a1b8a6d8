"""Statements of the busiest paths: parsed and planned once a connection, values sent beside them.

Django writes values into the text of a statement, so PostgreSQL parses and plans it at every call
and Python quotes every value; psycopg's cursors ask and convert far more than these statements
need: 140 µs of Python a statement against some 65 here, and an order's set has ten. The ORM and
what is asked now and then stay with Django's cursor.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from psycopg.adapt import Transformer
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus

Values = Sequence[Any] | Mapping[str, Any]

_PLACEHOLDER = re.compile(r"%(?:\((\w+)\))?(?:s|b::(\w+)\[\])|%%")
_TEXT, _BINARY = 0, 1
_OIDS = {"text": 25, "bytea": 17, "json": 114}  # the types of which arrays are sent in binary
_length = struct.Struct("!i").pack

# The names of the statements that each connection has prepared.
_prepared: WeakKeyDictionary[Any, dict[str, bytes]] = WeakKeyDictionary()


class _Statement(NamedTuple):
    """A text with numbered placeholders, and what stands at each: a name or a position.

    `elements` are the types of what the arrays sent in binary hold; None: sent as text.
    """

    text: bytes
    keys: tuple[Any, ...]
    elements: tuple[int | None, ...]
    formats: tuple[int, ...]


def run(text: str, values: Values = ()) -> list[tuple[Any, ...]]:
    """Run one statement in the current transaction and return its rows, none if it has none.

    The text comes from the code and says the type of every value (`%s::bigint`); lists of
    numbers are given by `numbers`; lists of text, bytes or encoded JSON in binary (`%b::text[]`,
    `bytea[]`, `json[]`), which spares escaping them. Raises Django's database errors.
    """
    return _rows(*_execute(text, values))


def run_named(text: str, values: Values = ()) -> list[dict[str, Any]]:
    """Run one statement as `run` does; return its rows by the names of their columns.

    JSON comes as text.
    """
    client, result = _execute(text, values)
    names = [result.fname(column).decode() for column in range(result.nfields)]
    return [dict(zip(names, row, strict=True)) for row in _rows(client, result)]


def numbers(values: Iterable[int]) -> str:
    """Write whole numbers as PostgreSQL reads an array."""
    return "{" + ",".join(map(str, values)) + "}"


def _execute(text: str, values: Values) -> tuple[psycopg.Connection[Any], Any]:
    connection = connections[DEFAULT_DB_ALIAS]  # the proxy looks it up anew for each attribute
    connection.validate_no_broken_transaction()
    connection.ensure_connection()
    if connection.queries_logged:
        connection.queries_log.append({"sql": text, "time": "0.000"})
    statement = _compile(text)
    with connection.wrap_database_errors:
        wire = [
            _written(values[key]) if element is None else _packed(values[key], element)
            for key, element in zip(statement.keys, statement.elements, strict=True)
        ]
        client: psycopg.Connection[Any] = connection.connection
        return client, _send(client, text, statement, wire)


def _send(
    client: psycopg.Connection[Any], text: str, statement: _Statement, wire: list[Any]
) -> Any:
    """Send a statement, in the transaction that psycopg would have begun; prepare it if new."""
    server = client.pgconn
    if server.transaction_status == TransactionStatus.IDLE and not client.autocommit:
        _check(server, server.exec_(b"BEGIN"))
    names = _prepared.setdefault(client, {})
    name = names.get(text)
    if name is None:
        name = f"statement_{len(names)}".encode()
        _check(server, server.prepare(name, statement.text))
        names[text] = name
    result = server.exec_prepared(name, wire, statement.formats)
    _check(server, result)
    return result


def _rows(client: psycopg.Connection[Any], result: Any) -> list[tuple[Any, ...]]:
    if not result.ntuples:
        return []
    reader = Transformer(client)
    reader.set_pgresult(result)
    return reader.load_rows(0, result.ntuples, tuple)


@lru_cache(maxsize=256)
def _compile(text: str) -> _Statement:
    places: dict[Any, int] = {}
    elements: list[int | None] = []

    def number(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return "%"
        name, element = found.groups()
        key = len(places) if name is None else name
        if key not in places:
            places[key] = len(places)
            elements.append(_OIDS[element] if element else None)
        return f"${places[key] + 1}" + (f"::{element}[]" if element else "")

    numbered = _PLACEHOLDER.sub(number, text)
    formats = tuple(_TEXT if element is None else _BINARY for element in elements)
    return _Statement(numbered.encode(), tuple(places), tuple(elements), formats)


def _written(value: Any) -> bytes | None:
    """Write a value as PostgreSQL reads it from text."""
    if value is None:
        return None
    text = str(value).encode()
    if b"\0" in text:  # the text would end there
        raise psycopg.DataError("PostgreSQL text cannot contain NUL (0x00) bytes")
    return text


def _packed(values: Sequence[str | bytes], element: int) -> bytes:
    """Write a list as PostgreSQL reads an array of this type in binary."""
    parts = [struct.pack("!iiiii", 1, 0, element, len(values), 1)]
    for value in values:
        raw = value.encode() if isinstance(value, str) else value
        parts.append(_length(len(raw)))
        parts.append(raw)
    return b"".join(parts)


def _check(server: Any, result: Any) -> None:
    """Raise what PostgreSQL says is wrong."""
    if result.status in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
        return
    if server.status == ConnStatus.BAD:
        raise psycopg.OperationalError(result.get_error_message() or "the connection is lost")
    raise psycopg.errors.error_from_result(result)
