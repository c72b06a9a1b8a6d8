"""Many rows of many tables in one statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from omniretail.statements import run


@dataclass(frozen=True, slots=True)
class Table:
    """A table as rows are written to it: its columns with their PostgreSQL types.

    Names and types come from the code, never from a request.
    """

    name: str
    columns: tuple[tuple[str, str], ...]
    on_conflict: str = ""

    @classmethod
    def of(cls, name: str, /, *, on_conflict: str = "", **columns: str) -> Table:
        return cls(name, tuple(columns.items()), on_conflict)


Rows = tuple[Table, Sequence[Mapping[str, Any]]]


def insert_rows(*parts: Rows) -> list[int]:
    """Insert the rows of each part, all in one statement; return how many each inserted.

    A row is a mapping with a value for each column (others are ignored). Values travel as one
    JSON text a table: encoding it is one call instead of adapting an array a column, and the server
    plans once. Bytes are given as `hex_of(value)`.
    """
    filled = [part for part in parts if part[1]]
    if not filled:
        return [0] * len(parts)
    (found,) = run(
        _statement(tuple(table for table, _ in filled)),
        [msgspec.json.encode(rows).decode() for _, rows in filled],
    )
    counts = iter(found)
    return [next(counts) if rows else 0 for _, rows in parts]


@lru_cache(maxsize=64)
def _statement(tables: tuple[Table, ...]) -> str:
    inserts, counts = [], []
    for position, table in enumerate(tables):
        names = ", ".join(f'"{name}"' for name, _ in table.columns)
        shape = ", ".join(f'"{name}" {kind}' for name, kind in table.columns)
        inserts.append(
            f'w{position} AS (INSERT INTO "{table.name}" ({names}) SELECT {names} '
            f"FROM json_to_recordset(%s::json) AS r({shape}) {table.on_conflict} RETURNING 1)"
        )
        counts.append(f"(SELECT count(*) FROM w{position})")
    return f"WITH {', '.join(inserts)} SELECT {', '.join(counts)}"


def hex_of(value: bytes) -> str:
    """Write bytes as PostgreSQL reads them from text."""
    return "\\x" + value.hex()


def take_ids(**wanted: int) -> dict[str, list[int]]:
    """Draw ids from the sequences of tables in one statement: `take_ids(orders_order=3)`.

    Knowing ids before writing lets the answer and the events be composed first, so that the
    contended rows can be touched last.
    """
    queries = [
        f"SELECT '{table}', nextval('{table}_id_seq') FROM generate_series(1, %s::int)"
        for table in wanted
    ]
    ids: dict[str, list[int]] = {table: [] for table in wanted}
    if any(wanted.values()):
        counts = [str(count) for count in wanted.values()]
        for table, identity in run(" UNION ALL ".join(queries), counts):
            ids[table].append(identity)
    return ids
