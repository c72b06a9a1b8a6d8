"""CSV downloads of any length in constant memory, safe to open in a spreadsheet."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db import connection, transaction
from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header
from rest_framework.renderers import BaseRenderer

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
PIECE = 64 * 1024  # bytes sent at a time
LONGEST = "15min"  # as core/server lets an answer take


class CsvRenderer(BaseRenderer):
    """What a CSV endpoint answers with to clients that ask for text/csv or anything.

    The file itself is streamed past it; only refusals come here, and they are JSON.
    """

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None
    ) -> bytes:
        return json.dumps(data, default=str).encode()


def text(expression: str) -> str:
    """Return the SQL of a text column that no spreadsheet takes for a formula.

    A cell that begins with = + - @, a tab or a carriage return gets an apostrophe before it: a
    customer may be named `=HYPERLINK(…)`. Numbers are not texts and keep their minus.
    """
    first = f"left(({expression}), 1) IN ('=', '+', '-', '@', E'\\t', E'\\r')"
    return f"CASE WHEN {first} THEN '''' || ({expression}) ELSE {expression} END"


def as_cell(text: str) -> str:
    """Return a text as the SQL of `text` would."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def timestamp(expression: str) -> str:
    """Return the SQL of a time as the API writes it."""
    return f"""to_char({expression} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')"""


def stream_csv(
    query: str, parameters: Sequence[Any] | Mapping[str, Any], *, file_name: str
) -> StreamingHttpResponse:
    """Answer with the rows of a query as an RFC 4180 file, its columns' names first.

    PostgreSQL writes the lines and sends them as they are read.
    """
    return csv_answer(_pieces(query, parameters), file_name=file_name)


def csv_answer(pieces: Iterator[bytes], *, file_name: str) -> StreamingHttpResponse:
    """Answer with a file whose pieces are made as they are read."""
    return StreamingHttpResponse(
        pieces,
        content_type="text/csv; charset=utf-8; header=present",
        headers={
            "Content-Disposition": content_disposition_header(True, file_name) or "attachment",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        },
    )


def _pieces(query: str, parameters: Sequence[Any] | Mapping[str, Any]) -> Iterator[bytes]:
    with transaction.atomic(), connection.cursor() as cursor:
        # A whole file takes longer than an answer may otherwise; no reader makes it slower.
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [LONGEST])
        piece: list[bytes] = []
        size = 0
        statement = f"COPY ({query}) TO STDOUT WITH (FORMAT csv, HEADER true)"
        with connection.wrap_database_errors, cursor.copy(statement, parameters) as copy:
            for line in copy:  # one row each
                piece += (bytes(line[:-1]), b"\r\n")
                size += len(line)
                if size >= PIECE:
                    yield b"".join(piece)
                    piece, size = [], 0
        yield b"".join(piece)
