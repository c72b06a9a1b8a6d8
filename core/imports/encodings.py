"""What an upload is, before it is read as CSV: UTF-8 or UTF-16 text, or none at all."""

from __future__ import annotations

import codecs
import shutil
import tempfile
from typing import BinaryIO

from core.problems.catalogue import ValidationFailed

PIECE = 1024 * 1024  # bytes

# How files begin that people send in place of CSV, and what to tell them.
_NO_TEXT = (
    (b"PK\x03\x04", "an Excel workbook or another archive: save it as CSV UTF-8"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook: save it as CSV UTF-8"),
    (b"\x1f\x8b", "compressed: unpack it"),
    (b"%PDF", "a PDF: export it as CSV UTF-8"),
    (b"<", "a web page or XML, no CSV: perhaps the export asked for a login"),
    (b"{", "JSON, no CSV"),
    (b"[", "JSON, no CSV"),
)
_UTF_16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def make_utf8(content: BinaryIO) -> None:
    """Rewrite Excel's "Unicode text" as UTF-8, in place; other text stays. Raises
    `ValidationFailed` at `/file` for what is no text."""
    content.seek(0)
    begins = content.read(512)
    for mark, words in _NO_TEXT:
        if begins.lstrip().startswith(mark):
            raise refuse(f"This file is {words}.", "no_csv")
    if encoding := _UTF_16.get(begins[:2]):
        _rewrite(content, encoding)
    content.seek(0)


def _rewrite(content: BinaryIO, encoding: str) -> None:
    decoder = codecs.getincrementaldecoder(encoding)()
    content.seek(2)
    with tempfile.TemporaryFile() as text:
        try:
            while piece := content.read(PIECE):
                text.write(decoder.decode(piece).encode())
            text.write(decoder.decode(b"", final=True).encode())
        except UnicodeError as error:
            words = "The file is broken UTF-16 text. Save it as CSV UTF-8."
            raise refuse(words, "not_utf8") from error
        text.seek(0)
        content.seek(0)
        shutil.copyfileobj(text, content, PIECE)
        content.truncate()


def refuse(detail: str, code: str) -> ValidationFailed:
    return ValidationFailed([{"pointer": "/file", "detail": detail, "code": code}])
