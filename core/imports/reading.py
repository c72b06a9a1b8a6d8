"""Reading a CSV file: its header, whether PostgreSQL can read the rest itself, its rows if not."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from core.imports.kinds import Kind
from core.problems.catalogue import ValidationFailed

PIECE = 1024 * 1024  # bytes read at a time
HEADER_LIMIT = 64 * 1024
# What COPY reads differently from the csv module: quotes over lines, "\." as the end, NUL.
_NOT_PLAIN = (b'"', b"\\", b"\x00")


@dataclass(frozen=True, slots=True)
class CsvFile:
    """An uploaded file after a first look. `starts_at` is the byte after its header."""

    content: BinaryIO
    columns: Sequence[str]
    starts_at: int
    is_plain: bool
    digest: str


@dataclass(frozen=True, slots=True)
class FileRow:
    """One record: the line it begins on, and its cells, or what is wrong with its shape."""

    line: int
    cells: Sequence[str]
    fault: str = ""


def look_into(content: BinaryIO, kind: Kind) -> CsvFile:
    """Read the header, and the bytes once. Raises `ValidationFailed` at `/file`.

    Memory stays the same for any size.
    """
    content.seek(0)
    begins = len(codecs.BOM_UTF8) if content.read(3) == codecs.BOM_UTF8 else 0
    content.seek(begins)
    header = content.readline(HEADER_LIMIT)
    if len(header) == HEADER_LIMIT:
        raise refuse("The first line is too long to be a header of column names.", "no_header")
    if not header.strip():
        raise refuse("The file is empty: its first line names the columns.", "empty_file")
    columns = _read_header(header, kind)
    digest = hashlib.sha256(header)
    plain = b'"' not in header
    while piece := content.read(PIECE):
        digest.update(piece)
        plain = plain and not any(mark in piece for mark in _NOT_PLAIN)
    return CsvFile(content, columns, begins + len(header), plain, digest.hexdigest())


def _read_header(header: bytes, kind: Kind) -> list[str]:
    try:
        text = header.decode("utf-8")
        (cells,) = csv.reader([text.strip("\r\n")], strict=True)
    except UnicodeDecodeError as error:
        raise refuse("The file is not UTF-8 text. Save it as CSV UTF-8.", "not_utf8") from error
    except (csv.Error, ValueError) as error:
        raise refuse("The first line is no CSV header of column names.", "no_header") from error
    columns = [cell.strip().lower() for cell in cells]
    unknown = [name for name in columns if name not in kind.columns]
    missing = [name for name in kind.columns if name in kind.required and name not in columns]
    takes = f"An import of {kind.name} takes the columns {', '.join(kind.columns)}."
    errors = []
    if missing:
        errors.append(_error(f"Missing: {_named(missing)}. {takes}", "missing_columns"))
    if unknown:
        errors.append(_error(f"Not known: {_named(unknown)}. {takes}", "unknown_columns"))
    if len(set(columns)) < len(columns):
        errors.append(_error("A column stands twice in the header.", "duplicate_columns"))
    if errors:
        raise ValidationFailed(errors)
    return columns


def read_rows(file: CsvFile) -> Iterator[FileRow]:
    """Yield the records after the header. Raises `ValidationFailed` where they cannot be read."""
    file.content.seek(file.starts_at)
    text = io.TextIOWrapper(file.content, encoding="utf-8", newline="")
    rows = csv.reader(text, strict=True)
    line = 2
    try:
        for cells in rows:
            if any(cells):
                yield FileRow(line, *_shaped(cells, file.columns))
            line = rows.line_num + 2
    except UnicodeDecodeError as error:
        raise refuse(
            f"The file is not UTF-8 text, somewhere after line {line}. Save it as CSV UTF-8.",
            "not_utf8",
        ) from error
    except csv.Error as error:
        raise refuse(
            f"The record that begins on line {line} cannot be read: {error}.", "broken_csv"
        ) from error
    finally:
        text.detach()  # else the wrapper would close the upload


def _shaped(cells: list[str], columns: Sequence[str]) -> tuple[list[str], str]:
    """Return a record's cells, one for each column, and what was wrong with it."""
    fault = ""
    if len(cells) != len(columns):
        fault = f"This row has {len(cells)} cells, the header {len(columns)} columns."
        cells = (cells + [""] * len(columns))[: len(columns)]
    if any("\x00" in cell for cell in cells):
        fault = "This row holds a NUL character."
        cells = [cell.replace("\x00", "") for cell in cells]
    return cells, fault


def _named(columns: Sequence[str]) -> str:
    return ", ".join(name[:40] or "(no name)" for name in columns[:20])


def _error(detail: str, code: str) -> dict[str, str]:
    return {"pointer": "/file", "detail": detail, "code": code}


def refuse(detail: str, code: str) -> ValidationFailed:
    return ValidationFailed([_error(detail, code)])
