"""People in files of orders that wait to be applied, or have been applied in part."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import Any

from django.db import connection
from django.db.models import F

from core.imports.findings import RowError, note_row_errors
from core.imports.kinds import file_table, work_table
from core.imports.models import Import
from core.imports.running import UNFINISHED
from core.people.person import Person

_KIND = "orders"
_ERASED = "The person in this row was erased before it was applied."
# Columns that say whose order a row is.
EMAIL, EXTERNAL_ID = "customer_email", "customer_external_id"
PHONES = ("customer_phone", "ship_to_phone")


def lock_waiting_files() -> list[Import]:
    """Lock the files of orders that are not done, which waits for the chunks that are being
    applied. Before orders, as the import itself does it."""
    waiting = Import.objects.filter(kind=_KIND, state__in=UNFINISHED).order_by("pk")
    return list(waiting.select_for_update(no_key=True))


def names_in_bad_rows(marks: Collection[str]) -> set[str]:
    """Return the names, "orders/<channel>/<external id>", of orders that never became one: of bad
    rows with one of these cells. Another row of the same order may say nothing of the person."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT DISTINCT concat('orders/', btrim(b.row ->> 'channel'), '/',
                                      btrim(b.row ->> 'external_id'))
               FROM imports_badrow b JOIN imports_import f ON f.id = b.file_id
               WHERE f.kind = %s AND b.row ->> 'external_id' <> ''
                 AND EXISTS (SELECT FROM jsonb_each_text(b.row) AS cell
                             WHERE concat(cell.key, '=', lower(btrim(cell.value)))
                                   = ANY(%s::text[]))""",
            [_KIND, sorted(marks)],
        )
        return {name for (name,) in cursor.fetchall()}


def erase_waiting_rows(person: Person) -> None:
    """Take the person's orders out of files that wait; their rows become bad ones.

    Placed after the erasure, they would bring back what it has removed.
    """
    for file in lock_waiting_files():
        lines = [line for line, _ in _rows_of(file, person)]
        if lines:
            _set_aside(file, lines)


def read_waiting_rows(person: Person) -> list[dict[str, Any]]:
    """Return the person's rows in files that wait, each with its file and line."""
    waiting = Import.objects.filter(kind=_KIND, state__in=UNFINISHED).order_by("pk")
    return [
        {"id": f"{file.pk}/{line}", "file": str(file.pk), "line": line, "row": cells}
        for file in waiting
        for line, cells in _rows_of(file, person)
    ]


def _rows_of(file: Import, person: Person) -> Iterator[tuple[int, dict[str, Any]]]:
    """Find rows with a mark, and with them all rows of the same order."""
    about = "concat('orders/', btrim(channel), '/', btrim(external_id)) = ANY(%(subjects)s)"
    for name in (EMAIL, EXTERNAL_ID, *PHONES):
        if name in file.columns:
            about += f" OR concat('{name}=', lower(btrim({name}))) = ANY(%(marks)s)"
    table = file_table(file)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT line, to_jsonb(f)::text FROM {table} f
                WHERE (channel, external_id) IN (
                    SELECT channel, external_id FROM {table} WHERE {about})
                ORDER BY line""",
            {"marks": sorted(person.marks), "subjects": sorted(person.subjects)},
        )
        found = cursor.fetchall()
    for line, cells in found:
        row = json.loads(cells)
        yield line, {name: row[name] for name in file.columns}


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
