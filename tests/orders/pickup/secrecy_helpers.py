"""Looking for passes and codes in everything that the service keeps and writes."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import re
from collections.abc import Iterator
from typing import Any

from django.db import connection

from tests.conftest import ApiCaller
from tests.tables import every_table

HASHES = ("md5", "sha1", "sha224", "sha256", "sha512", "blake2b", "blake2s")


class RecordingCaller(ApiCaller):
    """Remembers what it sent: a dump of the database is compared with digests of it."""

    def __init__(self, api: ApiCaller) -> None:
        self.client, self.headers = api.client, api.headers
        self.sent: list[tuple[str, Any]] = []

    def post(self, path: str, body: Any = None, *, key: str | None = None) -> Any:
        self.sent.append((path, body))
        return super().post(path, body, key=key)


def dump() -> str:
    """Return every row of every table as text, binary columns as hexadecimal digits."""
    with connection.cursor() as cursor:
        rows = []
        for table in every_table():
            cursor.execute(f"SELECT t::text FROM {table} t")
            rows += [f"{table}: {row}" for (row,) in cursor.fetchall()]
    return "\n".join(rows)


def holds_code(text: str, code: str) -> bool:
    """Look for six digits that stand alone: not in an id, a time, or a number with decimals."""
    return re.search(rf"(?<![\w.+-]){code}(?![\w-])", text) is not None


def digests_of(sent: list[tuple[str, Any]], *words: str) -> Iterator[str]:
    """Return what someone who guessed right would find, had the service kept plain digests: of the
    words alone, and of the requests that brought them in each plausible form."""
    texts = list(words)
    for path, body in sent:
        for separators, is_sorted in itertools.product([(",", ":"), (", ", ": ")], [True, False]):
            text = json.dumps(body, separators=separators, sort_keys=is_sorted, ensure_ascii=False)
            texts += [text, f"/api/v1/{path}\n{text}", f"POST\n/api/v1/{path}\n{text}"]
    for text, name in itertools.product(texts, HASHES):
        digest = hashlib.new(name, text.encode()).digest()
        # A part of it would do: of a million guesses one has these 64 bits.
        yield digest.hex()[:16]
        yield base64.b64encode(digest).decode()[:10]
