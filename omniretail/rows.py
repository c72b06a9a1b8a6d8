"""Many rows in one statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection


def insert_rows(
    table: str, columns: Mapping[str, tuple[str, Sequence[Any]]], *, on_conflict: str = ""
) -> int:
    """Insert rows given as columns of arrays: `{"quantity": ("int", [1, 2])}`; return how many.

    One statement however many rows: a row at a time costs a round trip and a plan each.
    Names come from the code, never from a request.
    """
    if not len(next(iter(columns.values()))[1]):
        return 0
    names = ", ".join(f'"{name}"' for name in columns)
    arrays = ", ".join(f"%s::{kind}[]" for kind, _ in columns.values())
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{table}" ({names}) SELECT * FROM unnest({arrays}) {on_conflict}',
            [list(values) for _, values in columns.values()],
        )
        return cursor.rowcount


def take_ids(**wanted: int) -> dict[str, list[int]]:
    """Draw ids from the sequences of tables in one statement: `take_ids(orders_order=3)`.

    Knowing ids before writing lets the answer and the events be composed first, so that the
    contended rows can be touched last.
    """
    queries = [
        f"SELECT '{table}', nextval('{table}_id_seq') FROM generate_series(1, {int(count)})"
        for table, count in wanted.items()
        if count
    ]
    ids: dict[str, list[int]] = {table: [] for table in wanted}
    if queries:
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(queries))
            for table, identity in cursor.fetchall():
                ids[table].append(identity)
    return ids
