"""Rows of files that hold personal data, for those who may not read it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any

from core.access.customers import reads_customers
from core.access.principal import Principal
from core.api.csv_export import as_cell
from core.imports.documents import bad_row_document, change_document
from core.imports.models import BadRow, Change, Import
from omniretail.files.kinds import KINDS
from orders.masking import masked

MISSHAPEN = "misshapen_row"  # its cells may stand under the names of other columns
AT_ONCE = 1_000  # rows read from the database


def hides_people(file: Import, actor: Principal) -> bool:
    """Say whether a file has columns about people whose cells an actor may not read."""
    return bool(KINDS[file.kind].personal) and not reads_customers(actor)


def shown_bad_row(row: BadRow, file: Import, *, hidden: bool) -> dict[str, Any]:
    """Return a bad row as the API shows it; with `hidden`, cells about people are empty."""
    document = bad_row_document(row)
    if hidden:
        empty = set(row.row) if row.code == MISSHAPEN else KINDS[file.kind].personal
        document["row"] = {name: "" if name in empty else cell for name, cell in row.row.items()}
    return document


def shown_change(change: Change, *, hidden: bool) -> dict[str, Any]:
    """Return a change that a dry run found; with `hidden`, its documents are masked."""
    document = change_document(change)
    return masked(document) if hidden else document


def bad_rows_without_people(file: Import) -> Iterator[bytes]:
    """Return the file of bad rows that `stream_errors` writes, without cells about people."""
    names = ("line", "column", "code", "reason")
    rows = BadRow.objects.filter(file=file).order_by("line", "id").iterator(AT_ONCE)
    yield _line([*names, *(f"row.{name}" for name in file.columns)])
    for row in rows:
        said = shown_bad_row(row, file, hidden=True)
        cells = [said["row"].get(name) for name in file.columns]
        yield _line([said["line"], *_texts([said["column"], said["code"], said["reason"], *cells])])


def changes_without_people(file: Import) -> Iterator[bytes]:
    """Return the file of changes that `stream_changes` writes, its documents masked."""
    rows = Change.objects.filter(file=file).order_by("line", "id").iterator(AT_ONCE)
    yield _line(["line", "subject", "before", "after"])
    for change in rows:
        said = shown_change(change, hidden=True)
        documents = [
            None if said[name] is None else json.dumps(said[name], ensure_ascii=False)
            for name in ("before", "after")
        ]
        yield _line([said["line"], *_texts([said["subject"], *documents])])


def _texts(cells: Iterable[str | None]) -> list[str]:
    return [as_cell(cell or "") for cell in cells]


def _line(cells: Iterable[object]) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue().encode()
