"""Data of people in files that came in: their names, bad rows, what a dry run found."""

from __future__ import annotations

import json
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from core.imports.models import Import
from core.people.person import Cleaner, Person
from core.people.register import WORDS, Column, Copies, Kept, Kind, Table, staff
from core.people.words import pattern_of

# A row with one of the marks is about the person: nothing of it stays. Of the
# others only words are taken.
_ABOUT = """(EXISTS (SELECT FROM jsonb_each_text(r.row) AS cell
                     WHERE concat(cell.key, '=', lower(btrim(cell.value))) = ANY(%(marks)s::text[]))
             OR concat('orders/', btrim(r.row ->> 'channel'), '/', btrim(r.row ->> 'external_id'))
                = ANY(%(subjects)s::text[]))"""
_NAMED = "r.row::text ~* %(pattern)s OR r.reason ~* %(pattern)s"
# An order that a dry run would have placed is named by its channel and its external id.
_CHANGED = """r.subject LIKE 'orders/%%' AND (
    r.after::text ~* %(pattern)s OR r.subject ~* %(pattern)s
    OR r.subject = ANY(%(subjects)s::text[]))"""


def _files_of(person: Person) -> QuerySet[Import]:
    pattern = pattern_of(person.words)
    if pattern is None:
        return Import.objects.none()
    return Import.objects.filter(
        Q(file_name__iregex=pattern) | Q(reference__iregex=pattern) | Q(failure__iregex=pattern)
    )


def _given(person: Person) -> dict[str, Any]:
    return {
        "marks": sorted(person.marks),
        "subjects": sorted(person.subjects),
        "pattern": pattern_of(person.words) or "(?!)",
    }


def _read(columns: str, table: str, which: str, person: Person) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT to_jsonb(found)::text FROM (
                    SELECT r.id, r.file_id, r.line, {columns} FROM {table} r
                    WHERE {which} ORDER BY r.id) AS found""",
            _given(person),
        )
        return [_parsed(text) for (text,) in cursor.fetchall()]


def _parsed(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    return found | {"id": str(found["id"])}


def _read_bad_rows(person: Person) -> list[dict[str, Any]]:
    return _read('r."column", r.reason, r.row', "imports_badrow", f"{_ABOUT} OR {_NAMED}", person)


def _erase_bad_rows(person: Person, cleaner: Cleaner) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""UPDATE imports_badrow r SET reason = 'The person in this row was erased.',
                       row = (SELECT jsonb_object_agg(name, '')
                              FROM jsonb_object_keys(r.row) AS name)
                WHERE {_ABOUT} AND r.row <> '{{}}'""",
            _given(person),
        )
        for row in _read_bad_rows(person):
            cursor.execute(
                "UPDATE imports_badrow SET reason = %s, row = %s::jsonb WHERE id = %s",
                [
                    cleaner.clean_text(row["reason"]),
                    json.dumps(cleaner.clean(row["row"], mine=False)),
                    row["id"],
                ],
            )


def _read_changes(person: Person) -> list[dict[str, Any]]:
    return _read("r.subject, r.before, r.after", "imports_change", _CHANGED, person)


def _erase_changes(person: Person, cleaner: Cleaner) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""UPDATE imports_change r SET subject = 'erased', before = NULL, after = NULL
                WHERE {_CHANGED}""",
            _given(person),
        )


REGISTER = (
    Table(
        "imports.Import",
        Kept.IMPORTS,
        (
            Column("file_name", Kind.TEXT, WORDS),
            Column("reference", Kind.TEXT, WORDS),
            Column("failure", Kind.TEXT, WORDS),
            *staff("owner", "actor"),
        ),
        found="files whose name or reference has words of the person",
        rows=_files_of,
        shown=("kind", "created_at"),
    ),
    Copies(
        "imports_badrow",
        Kept.IMPORTS,
        Kind.DOCUMENT,
        found="rows with an e-mail, a phone number or a reference of the person, or words in them",
        does="all cells cleared; of other people's rows, words taken out",
        erase=_erase_bad_rows,
        read=_read_bad_rows,
        columns={"imports.BadRow": ("reason", "row")},
    ),
    Copies(
        "imports_change",
        Kept.IMPORTS,
        Kind.DOCUMENT,
        found="orders of the person that a dry run would have placed",
        does="cleared",
        erase=_erase_changes,
        read=_read_changes,
        columns={"imports.Change": ("subject", "before", "after")},
    ),
)
NO_PEOPLE = {
    "imports.Import": ("kind", "channels", "locations", "columns"),
    "imports.BadRow": ("column", "code"),
}
