"""What is noted while a file is applied: bad rows, and what a dry run would change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from django.db import connection

from core.access.redaction import without_secrets_sql
from core.imports.kinds import file_table
from core.imports.models import BadRow, Change, Import

CELL_LIMIT = 200  # characters of a cell that are kept with a bad row


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong with a row of a file. `column` is empty where it is the whole row."""

    line: int
    column: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Effect:
    """What a dry run would change: the thing before (None: new) and after."""

    line: int
    subject: str
    before: Any
    after: Any


def note_row_errors(file: Import, errors: Sequence[RowError]) -> None:
    """Store errors, each with the row as it stood in the file."""
    if not errors:
        return
    columns = [[], [], [], []]  # type: list[list[Any]]
    for error in errors:
        for values, value in zip(
            columns, (error.line, error.column, error.code, error.reason[:500]), strict=True
        ):
            values.append(value)
    note_found_errors(
        file,
        "SELECT * FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[])",
        columns,
    )


def note_found_errors(
    file: Import, query: str, parameters: Sequence[Any] | Mapping[str, Any] = ()
) -> int:
    """Store the errors (line, column, code, reason) that a query returns; return how many rows
    have one now that had none."""
    cells = ", ".join(
        f"'{name}', left({without_secrets_sql(f'f.{name}')}, {CELL_LIMIT})" for name in file.columns
    )  # names that the kind knows, never free text
    reason = without_secrets_sql("e.reason")
    with connection.cursor() as cursor:
        cursor.execute(
            f"""WITH found(line, "column", code, reason) AS ({query}), noted AS (
                    INSERT INTO {BadRow._meta.db_table}
                        (file_id, line, "column", code, reason, row)
                    SELECT {int(file.pk)}, e.line, e."column", e.code, left({reason}, 500),
                           jsonb_build_object({cells})
                    FROM found e JOIN {file_table(file)} f USING (line)
                    ORDER BY e.line
                    RETURNING line)
                SELECT count(DISTINCT line) FROM noted n WHERE NOT EXISTS (
                    SELECT 1 FROM {BadRow._meta.db_table} b
                    WHERE b.file_id = {int(file.pk)} AND b.line = n.line)""",
            parameters or None,
        )
        return int(cursor.fetchone()[0])


def note_misshapen(file: Import) -> int:
    """List the rows that have more or fewer cells than the header; return how many."""
    return note_found_errors(
        file,
        f"""SELECT line, '', 'misshapen_row', fault FROM {file_table(file)}
            WHERE fault IS NOT NULL""",
    )


def note_duplicates(file: Import, key: Sequence[str]) -> int:
    """List every row that has the `key` columns of an earlier one; return how many.

    The first one is kept: two figures for one thing cannot both be right.
    """
    given = [name for name in key if name in file.columns]
    table, cells = file_table(file), trimmed(file, given)
    if not _may_hold_duplicates(table, cells):
        return 0
    names = ", ".join(cells)
    return note_found_errors(
        file,
        f"""SELECT line, '{given[0]}', 'duplicate_row',
                   'Line ' || first || ' has the same {" and ".join(given)} already.'
            FROM (SELECT line, min(line) OVER (PARTITION BY {names}) AS first
                  FROM {table} f WHERE fault IS NULL AND ({names}) IN (
                      SELECT {names} FROM {table} f WHERE fault IS NULL
                      GROUP BY {names} HAVING count(*) > 1)) AS twice
            WHERE line > first""",
    )


def trimmed(file: Import, columns: Sequence[str]) -> list[str]:
    """Return how SQL reads each of these columns of a row `f` without the spaces around it.

    Where no cell holds a space, that is the column itself: to trim two cells a row, in two
    statements, took a fifth of the check of a file, and to look for spaces takes a quarter of that.
    """
    looks = ", ".join(f"bool_or({name} LIKE '% %')" for name in columns)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {looks} FROM {file_table(file)}")
        spaced = cursor.fetchone()
    return [
        f"btrim(f.{name})" if has else f"f.{name}"
        for name, has in zip(columns, spaced, strict=True)
    ]


def _may_hold_duplicates(table: str, cells: Sequence[str]) -> bool:
    """Say whether two rows have one hash of these cells: a million numbers are sorted in a third
    of the time that their texts take to be grouped, and where they come from a query of their own
    (OFFSET 0) in half of what they take with their texts beside them."""
    hashed = "0::bigint"
    for cell in cells:
        hashed = f"hashtextextended({cell}, {hashed})"
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '64MB'")
        cursor.execute(
            f"""SELECT count(*) > count(DISTINCT hash)
                FROM (SELECT {hashed} AS hash FROM {table} f WHERE fault IS NULL OFFSET 0) AS h"""
        )
        return bool(cursor.fetchone()[0])


def note_effects(file: Import, effects: Sequence[Effect]) -> None:
    """Keep what a dry run would change."""
    Change.objects.bulk_create(
        [
            Change(
                file=file,
                line=effect.line,
                subject=effect.subject[:200],
                before=msgspec.to_builtins(effect.before, enc_hook=str),
                after=msgspec.to_builtins(effect.after, enc_hook=str),
            )
            for effect in effects
        ],
        batch_size=2_000,
    )


GOOD = """NOT EXISTS (SELECT 1 FROM imports_badrow b
                    WHERE b.file_id = {file} AND b.line = f.line)"""


def good_rows(file: Import) -> str:
    """Return the condition on rows `f` of the file's table that nothing is wrong with so far."""
    return GOOD.format(file=int(file.pk))
