"""Rows that are checked and applied in Python, one by one or in groups that belong together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from rest_framework import serializers

from core.imports import numbers
from core.imports.findings import (
    Effect,
    RowError,
    good_rows,
    note_duplicates,
    note_effects,
    note_misshapen,
    note_row_errors,
)
from core.imports.kinds import Chunk, Progress, file_table
from core.imports.models import Import
from core.imports.staging import lay_out_work
from core.problems.catalogue import DomainError
from core.problems.handler import as_problem


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its line, and its cells by column, without the spaces around them.

    Only columns of the file are in it: others stay unchanged.
    """

    line: int
    cells: Mapping[str, str]

    def given(self, column: str) -> str | None:
        """Return a cell, or None when it is empty or the file has no such column."""
        return self.cells.get(column) or None


Group = Sequence[Row]


class RowsRefused(Exception):
    """Rows that cannot be applied, each with what is wrong with it."""

    def __init__(self, errors: Sequence[RowError]) -> None:
        super().__init__(errors[0].reason)
        self.errors = errors


@dataclass(slots=True)
class ImportResult:
    """The result of applying a chunk."""

    errors: list[RowError] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    changed: int = 0
    failed: int = 0

    def refuse(self, errors: Sequence[RowError], *, rows: int) -> None:
        self.errors += errors
        self.failed += rows

    def settle(self, chunk: Chunk, *, done: int) -> Progress:
        """Store errors and changes, and return the import's progress."""
        note_row_errors(chunk.file, self.errors)
        if chunk.file.dry_run:
            note_effects(chunk.file, self.effects)
        return Progress(done=done, changed=self.changed, failed=self.failed)


def prepare_rows(file: Import, *, key: Sequence[str], together: Sequence[str] = ()) -> Progress:
    """Lay out the good rows of a file: rows with the same `together` columns in one group.

    `key` are the columns that no two rows may share.
    """
    failed = note_misshapen(file) + note_duplicates(file, key)
    cells = ", ".join(f"'{name}', btrim(f.{name})" for name in file.columns)
    group = ", ".join(f"btrim(f.{name})" for name in together) or "f.line"
    lay_out_work(
        file,
        f"""SELECT min(f.line) AS line,
                   json_agg(json_build_object('line', f.line, 'cells', json_build_object({cells}))
                            ORDER BY f.line) AS rows
            FROM {file_table(file)} f WHERE f.fault IS NULL AND {good_rows(file)}
            GROUP BY {group} ORDER BY 1""",
    )
    return Progress(done=failed, changed=0, failed=failed)


def groups_of(chunk: Chunk) -> list[list[Row]]:
    """Return the groups of a chunk, in the order of the file."""
    return [[Row(row["line"], row["cells"]) for row in rows] for (rows,) in chunk.read("rows")]


def apply_each(chunk: Chunk, act: Callable[[Group], list[Effect]]) -> Progress:
    """Apply the groups of a chunk one by one; one that is refused is rolled back.

    `act` returns what it changed, and raises `RowsRefused` or a refusal of the command.
    """
    result = ImportResult()
    groups = groups_of(chunk)
    for group in groups:
        try:
            with transaction.atomic():
                effects = act(group)
                transaction.set_rollback(chunk.file.dry_run)
        except RowsRefused as refused:
            result.refuse(refused.errors, rows=len(group))
        except (DomainError, serializers.ValidationError) as error:
            result.refuse(list(row_errors_of(error, group)), rows=len(group))
        else:
            result.effects += effects
            result.changed += len(group) if effects else 0
    return result.settle(chunk, done=sum(len(group) for group in groups))


def _first_step(pointer: str) -> str:
    return pointer.partition("/")[0]


def row_errors_of(
    error: Exception, group: Group, *, column_at: Callable[[str], str] = _first_step
) -> Iterator[RowError]:
    """Return a refusal as errors of the rows it concerns.

    A pointer such as `/lines/1/sku` means the second row; `column_at` returns the column for the
    rest of it. A pointer that names no row means the first.
    """
    problem = as_problem(error)
    errors = problem.data.get("errors") or [
        {"pointer": problem.data.get("pointer", ""), "detail": problem.detail}
    ]
    for each in errors:
        row, rest = _row_at(each["pointer"], group)
        yield RowError(
            row.line, column_at(rest)[:64], each.get("code", problem.code), each["detail"]
        )


def _row_at(pointer: str, group: Group) -> tuple[Row, str]:
    steps = pointer.strip("/").split("/")
    if steps[0] == "lines" and len(steps) > 1 and steps[1].isdecimal():
        position = int(steps[1])
        if position < len(group):
            return group[position], "/".join(steps[2:])
    return group[0], "/".join(steps)


def body_of(
    serializer: type[serializers.Serializer[Any]], data: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Validate a row as the API validates its body; return the validated data."""
    checked = serializer(data=dict(data))
    checked.is_valid(raise_exception=True)
    answer: Mapping[str, Any] = checked.validated_data
    return answer


def whole_number(text: str) -> int | str:
    """Return a whole number; else the text, so that the API's validation names the error."""
    digits = numbers.whole(text)
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 18 else text


def decimal_number(text: str) -> float | str:
    """Return degrees and the like as a number; else the text."""
    try:
        return float(text)
    except ValueError:
        return text
