"""People in files of orders that wait to be applied, or have been applied in part."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from core.imports.kinds import file_table
from core.imports.models import Import
from core.imports.running import UNFINISHED
from core.people.person import Person

KIND = "orders"
# Columns that say whose order a row is.
EMAIL, EXTERNAL_ID = "customer_email", "customer_external_id"
PHONES = ("customer_phone", "ship_to_phone")


def waiting_files() -> QuerySet[Import]:
    """Return the files of orders that are not applied to their end."""
    return Import.objects.filter(kind=KIND, state__in=UNFINISHED).order_by("pk")


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
            [KIND, sorted(marks)],
        )
        return {name for (name,) in cursor.fetchall()}


def read_waiting_rows(person: Person) -> list[dict[str, Any]]:
    """Return the person's rows in files that wait, each with its file and line."""
    return [
        {"id": f"{file.pk}/{line}", "file": str(file.pk), "line": line, "row": cells}
        for file in waiting_files()
        for line, cells in rows_of(file, person)
    ]


def rows_of(file: Import, person: Person) -> Iterator[tuple[int, dict[str, Any]]]:
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
