"""Taking people out of files of orders that wait to be applied."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.db.models import F

from core.imports.findings import RowError, note_row_errors
from core.imports.kinds import file_table, work_table
from core.imports.models import Import
from core.people.person import Person
from orders.queries.waiting_files import rows_of, waiting_files

_ERASED = "The person in this row was erased before it was applied."


def lock_waiting_files() -> list[Import]:
    """Lock the files of orders that are not done, which waits for the chunks that are being
    applied. Before orders, as the import itself does it."""
    return list(waiting_files().select_for_update(no_key=True))


def erase_waiting_rows(person: Person) -> None:
    """Take the person's orders out of files that wait; their rows become bad ones.

    Placed after the erasure, they would bring back what it has removed.
    """
    for file in lock_waiting_files():
        lines = [line for line, _ in rows_of(file, person)]
        if lines:
            _set_aside(file, lines)


def _set_aside(file: Import, lines: list[int]) -> None:
    empty = ", ".join(f"{name} = ''" for name in file.columns)
    with connection.cursor() as cursor:
        gone = _take_out(cursor, file, lines) if file.next_block is not None else []
        cursor.execute(
            f"UPDATE {file_table(file)} SET fault = %s, {empty} WHERE line = ANY(%s)",
            [_ERASED, lines],
        )
    if gone:
        note_row_errors(file, [RowError(line, "", "erased", _ERASED) for line in gone])
        Import.objects.filter(pk=file.pk).update(
            rows_done=F("rows_done") + len(gone), rows_failed=F("rows_failed") + len(gone)
        )


def _take_out(cursor: Any, file: Import, lines: list[int]) -> list[int]:
    """Delete the orders with these lines from the work table; return the lines of those that
    were not applied yet. Deleting leaves every other row in its block."""
    cursor.execute(
        f"""DELETE FROM {work_table(file)} w
            WHERE EXISTS (SELECT FROM json_array_elements(w.rows) AS row
                          WHERE (row ->> 'line')::bigint = ANY(%s))
            RETURNING (SELECT array_agg((row ->> 'line')::bigint)
                       FROM json_array_elements(w.rows) AS row),
                      ctid >= ('(' || %s || ',0)')::tid""",
        [lines, file.next_block],
    )
    return sorted(line for group, waits in cursor.fetchall() if waits for line in group)
