"""Many rows of many tables in one statement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import msgspec

from core.database.statements import run

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Table:
    """A table as rows are written to it: its columns with their PostgreSQL types.

    Names and types come from the code, never from a request. Columns of type `json` hold documents.
    """

    name: str
    plain: tuple[tuple[str, str], ...]
    documents: tuple[str, ...] = ()
    on_conflict: str = ""

    @classmethod
    def of(cls, name: str, /, *, on_conflict: str = "", **columns: str) -> Table:
        plain = tuple((column, kind) for column, kind in columns.items() if kind != "json")
        documents = tuple(column for column, kind in columns.items() if kind == "json")
        return cls(name, plain, documents, on_conflict)

    @property
    def names(self) -> list[str]:
        return [*(name for name, _ in self.plain), *self.documents]


Rows = tuple[Table, Sequence[Mapping[str, Any]]]


def insert_rows(*parts: Rows) -> list[int]:
    """Insert the rows of each part, all in one statement; return how many each inserted.

    A row is a mapping with a value for each column (others are ignored). Values travel as one
    JSON text a table: encoding it is one call instead of adapting an array a column, and the server
    plans once. Bytes are given as `hex_of(value)`. A column of type `json` holds a document, which
    is kept as it is written here: as a part of the table's JSON it would be parsed twice.
    """
    filled = [part for part in parts if part[1]]
    if not filled:
        return [0] * len(parts)
    (found,) = run(
        _statement(tuple(table for table, _ in filled)),
        [value for table, rows in filled for value in _values(table, rows)],
    )
    counts = iter(found)
    return [next(counts) if rows else 0 for _, rows in parts]


def _values(table: Table, rows: Sequence[Mapping[str, Any]]) -> Iterator[Any]:
    """Write rows as `_statement` takes them: their plain columns, then each column of documents."""
    if table.documents:
        plain = [name for name, _ in table.plain]
        yield msgspec.json.encode([{name: row[name] for name in plain} for row in rows]).decode()
    else:
        yield msgspec.json.encode(rows).decode()
    for name in table.documents:
        yield [msgspec.json.encode(row[name]).decode() for row in rows]


@lru_cache(maxsize=64)
def _statement(tables: tuple[Table, ...]) -> str:
    inserts, counts = [], []
    for position, table in enumerate(tables):
        shape = ", ".join(f'"{name}" {kind}' for name, kind in table.plain)
        sources = [f"json_to_recordset(%s::json) AS ({shape})"]
        sources += ["unnest(%b::text[]::json[])" for _ in table.documents]
        names = ", ".join(f'"{name}"' for name in table.names)
        inserts.append(
            f'w{position} AS (INSERT INTO "{table.name}" ({names}) SELECT {names} '
            f"FROM ROWS FROM ({', '.join(sources)}) AS r({names}) {table.on_conflict} RETURNING 1)"
        )
        counts.append(f"(SELECT count(*) FROM w{position})")
    return f"WITH {', '.join(inserts)} SELECT {', '.join(counts)}"


def hex_of(value: bytes) -> str:
    """Write bytes as PostgreSQL reads them from text."""
    return "\\x" + value.hex()


# As `WriteTime`: once the transaction has its number.
_CLOCK = """SELECT '', CASE WHEN pg_current_xact_id() IS NOT NULL
                       THEN (extract(epoch FROM clock_timestamp()) * 1000000)::bigint END"""


def take_ids(**wanted: int) -> dict[str, list[int]]:
    """Draw ids from the sequences of tables in one statement: `take_ids(orders_order=3)`.

    Knowing ids before writing lets the answer and the events be composed first, so that the
    contended rows can be touched last.
    """
    if not any(wanted.values()):
        return {table: [] for table in wanted}
    return take_ids_and_time(**wanted)[0]


def take_ids_and_time(**wanted: int) -> tuple[dict[str, list[int]], datetime]:
    """Draw ids, and return them with a time that `updated_at` may have in this transaction."""
    queries = [_CLOCK] + [
        f"SELECT '{table}', nextval('{table}_id_seq') FROM generate_series(1, %s::int)"
        for table in wanted
    ]
    ids: dict[str, list[int]] = {table: [] for table in ("", *wanted)}
    counts = [str(count) for count in wanted.values()]
    for table, number in run(" UNION ALL ".join(queries), counts):
        ids[table].append(number)
    (microseconds,) = ids.pop("")
    return ids, _EPOCH + timedelta(microseconds=microseconds)
