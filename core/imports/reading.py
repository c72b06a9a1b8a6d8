"""Reading a CSV file: its header, whether PostgreSQL can read the rest itself, its rows if not."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO

from core.imports.encodings import PIECE, make_utf8, refuse
from core.imports.kinds import Kind
from core.problems.catalogue import ValidationFailed

HEADER_LIMIT = 64 * 1024
DELIMITERS = (",", ";", "\t", "|")
# What COPY reads differently from the csv module: quotes over lines, "\." as the end, NUL.
_NOT_PLAIN = (b'"', b"\\", b"\x00")


@dataclass(frozen=True, slots=True)
class CsvFile:
    """An uploaded file after a first look.

    `columns` are those that are taken, `positions` where they stand among the `width` cells of a
    row. `starts_at` is the byte after the header, `first_line` the line that it begins.
    """

    content: BinaryIO
    columns: Sequence[str]
    positions: Sequence[int]
    width: int
    delimiter: str
    starts_at: int
    first_line: int
    is_plain: bool
    digest: str


@dataclass(frozen=True, slots=True)
class FileRow:
    """One record: the line it begins on, and its cells, or what is wrong with its shape."""

    line: int
    cells: Sequence[str]
    fault: str = ""


def look_into(content: BinaryIO, kind: Kind, *, ignore_columns: bool = False) -> CsvFile:
    """Read the header, and the bytes once. Raises `ValidationFailed` at `/file`.

    Columns that are not known are refused, as a misspelt one would be lost, unless
    `ignore_columns`. Memory stays the same for any size.
    """
    make_utf8(content)
    begins = len(codecs.BOM_UTF8) if content.read(3) == codecs.BOM_UTF8 else 0
    content.seek(begins)
    header, line = b"\n", 0
    while header and not header.strip():
        header = content.readline(HEADER_LIMIT)
        line += 1
    if len(header) == HEADER_LIMIT:
        raise refuse("The first line is too long to be a header of column names.", "no_header")
    if not header.strip():
        raise refuse("The file is empty: its first line names the columns.", "empty_file")
    starts_at = content.tell()
    delimiter, cells = _split_header(header, kind)
    names = _name_columns(cells, kind, ignore_columns=ignore_columns)
    digest = hashlib.sha256(header)
    plain = b'"' not in header and len(names) == len(cells)
    blank = b"\n" + delimiter.encode()  # a row without its first cell: perhaps without any
    ended = b"\n"
    while piece := content.read(PIECE):
        digest.update(piece)
        plain = plain and not any(mark in piece for mark in _NOT_PLAIN)
        plain = plain and blank not in ended + piece
        ended = piece[-1:]
    return CsvFile(
        content=content,
        columns=list(names),
        positions=list(names.values()),
        width=len(cells),
        delimiter=delimiter,
        starts_at=starts_at,
        first_line=line + 1,
        is_plain=plain,
        digest=digest.hexdigest(),
    )


def _split_header(header: bytes, kind: Kind) -> tuple[str, list[str]]:
    """Return the delimiter under which most columns are known, and the cells of the header."""
    try:
        text = header.decode("utf-8").strip("\r\n")
    except UnicodeDecodeError as error:
        raise refuse("The file is not UTF-8 text. Save it as CSV UTF-8.", "not_utf8") from error
    split: dict[str, list[str]] = {}
    for mark in DELIMITERS:
        with suppress(csv.Error, ValueError, StopIteration):  # quotes that stand between others
            split[mark] = next(csv.reader([text], delimiter=mark, strict=True))
    if not split:
        raise refuse("The first line is no CSV header of column names.", "no_header")
    return max(
        split.items(),
        key=lambda item: sum(kind.column_named(cell) is not None for cell in item[1]),
    )


def _name_columns(cells: Sequence[str], kind: Kind, *, ignore_columns: bool) -> dict[str, int]:
    """Return the column names with their positions; a name of its own comes before one that other
    systems give it. Columns without a name, as spreadsheets leave them, are left out.
    """
    own = [cell.strip().lower() for cell in cells]
    found: dict[str, int] = {}
    twice: list[str] = []
    unknown: list[str] = []
    for by_alias in (False, True):
        for position, cell in enumerate(own):
            name = kind.column_named(cell)
            if not cell or (name == cell) is by_alias:
                continue
            if name is None:
                unknown.append(cell)
            elif name not in found:
                found[name] = position
            else:
                (unknown if by_alias else twice).append(cell)
    missing = [name for name in kind.columns if name in kind.required and name not in found]
    takes = f"An import of {kind.name} takes the columns {', '.join(kind.columns)}."
    errors = []
    if missing:
        errors.append(_error(f"Missing: {_named(missing)}. {takes}", "missing_columns"))
    if unknown and not ignore_columns:
        detail = f"Not known: {_named(unknown)}. {takes} `ignore_columns` leaves others out."
        errors.append(_error(detail, "unknown_columns"))
    if twice:
        errors.append(_error("A column stands twice in the header.", "duplicate_columns"))
    if errors:
        raise ValidationFailed(errors)
    return dict(sorted(found.items(), key=lambda item: item[1]))


def read_rows(file: CsvFile) -> Iterator[FileRow]:
    """Yield the records after the header. Raises `ValidationFailed` where they cannot be read."""
    file.content.seek(file.starts_at)
    text = io.TextIOWrapper(file.content, encoding="utf-8", newline="")
    rows = csv.reader(text, delimiter=file.delimiter, strict=True)
    line = file.first_line
    try:
        for cells in rows:
            if any(cell and not cell.isspace() for cell in cells):
                yield FileRow(line, *_shaped(cells, file))
            line = rows.line_num + file.first_line
    except UnicodeDecodeError as error:
        raise refuse(
            f"The file is not UTF-8 text, somewhere after line {line}. Save it as CSV UTF-8.",
            "not_utf8",
        ) from error
    except csv.Error as error:
        raise refuse(
            f"The record that begins on line {line} cannot be read: {_in_words(error)}.",
            "broken_csv",
        ) from error
    finally:
        text.detach()  # else the wrapper would close the upload


def _in_words(error: csv.Error) -> str:
    """Say what to do about the faults of quoting that files come with."""
    if "unexpected end" in str(error):
        return "it opens a quote that is never closed"
    if "expected after" in str(error):
        return 'a quote within a quoted cell is written twice, as "", without a backslash'
    return str(error)


def _shaped(cells: list[str], file: CsvFile) -> tuple[list[str], str]:
    """Return the cells of a record that are taken, and what was wrong with it."""
    fault = ""
    if len(cells) != file.width:
        fault = f"This row has {len(cells)} cells, the header {file.width} columns."
        cells = (cells + [""] * file.width)[: file.width]
    cells = [cells[position] for position in file.positions]
    if any("\x00" in cell for cell in cells):
        fault = "This row holds a NUL character."
        cells = [cell.replace("\x00", "") for cell in cells]
    return cells, fault


def _named(columns: Sequence[str]) -> str:
    return ", ".join(name[:40] or "(no name)" for name in columns[:20])


def _error(detail: str, code: str) -> dict[str, str]:
    return {"pointer": "/file", "detail": detail, "code": code}
