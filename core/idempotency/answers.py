"""Idempotency keys and their stored answers, many at once: one statement each way."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from django.db import OperationalError
from django.http import HttpResponse
from psycopg import errors as pg
from rest_framework.request import Request

from core.access.digests import is_keyed_digest, keyed_digest
from core.access.principal import Principal
from core.database.statements import numbers, run
from core.idempotency.errors import KeyInProgress, KeyMalformed, KeyMismatch, KeyRequired
from core.problems.catalogue import MEDIA_TYPE, DomainError

FINGERPRINT = "core.idempotency.fingerprint"
_KEY = re.compile(r"^[\x21-\x7e]{1,255}$")


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """What makes two requests the same act: whose key, which key, of what.

    `digest` is the SHA-256 of what was asked. It is not kept as it is: a body may hold a code of
    six digits, which would be found by trying all.
    """

    owner: str
    key: str
    digest: bytes

    @property
    def fingerprint(self) -> bytes:
        """Return what is kept of the digest."""
        return keyed_digest(FINGERPRINT, self.digest)

    def is_of(self, fingerprint: bytes) -> bool:
        """Say whether a kept fingerprint is of the same request."""
        return is_keyed_digest(fingerprint, FINGERPRINT, self.digest)

    @classmethod
    def of(cls, request: Request, content: Any = None) -> IdempotencyKey:
        """Read the key of a request, or refuse it for its missing or malformed key.

        `content` stands for a body that is not JSON.
        """
        assert isinstance(request.user, Principal)
        key = request.META.get("HTTP_IDEMPOTENCY_KEY")
        if key is None:
            raise KeyRequired()
        if not _KEY.match(key):
            raise KeyMalformed()
        parts = [
            (request.method or "").encode(),
            request.get_full_path().encode(),
            msgspec.json.encode(request.data if content is None else content, order="sorted"),
        ]
        return cls(request.user.id, key, hashlib.sha256(b"\n".join(parts)).digest())


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request is answered with: a status and a JSON text."""

    status: int
    body: str
    replayed: bool = False

    @classmethod
    def of(cls, status: int, body: Any) -> Answer:
        # Translated titles are lazy: `str` makes them text.
        return cls(status, msgspec.json.encode(body, enc_hook=str).decode())

    def replay(self) -> Answer:
        return Answer(self.status, self.body, replayed=True)

    def response(self) -> HttpResponse:
        media_type = MEDIA_TYPE if self.status >= 400 else "application/json"
        response = HttpResponse(self.body, status=self.status, content_type=media_type)
        if self.replayed:
            response["Idempotency-Replayed"] = "true"
        return response


def recall(keys: Sequence[IdempotencyKey]) -> list[Answer | DomainError | None]:
    """Lock the keys of one owner until the transaction ends, and return what each has
    been answered before: the answer, `KeyMismatch` for another request under the key, None for
    a key that is new.

    Waits for requests with the same keys that still run, up to `lock_timeout`; then
    `KeyInProgress`. What such a request commits meanwhile is not seen: `store_answers` then
    meets it, and the caller's transaction has to be run again.
    """
    names = sorted({each.key for each in keys})  # in order: two sets never wait for each other
    try:
        rows = run(
            """SELECT a.key, a.fingerprint, a.status, a.body
               FROM (
                   SELECT key, pg_advisory_xact_lock(hashtextextended(%(owner)s::text || key, 0))
                   FROM unnest(%(keys)b::text[]) AS k(key) OFFSET 0
               ) w
               JOIN idempotency_storedanswer a ON a.owner = %(owner)s::text AND a.key = w.key""",
            {"owner": keys[0].owner, "keys": names},
        )
    except OperationalError as error:
        if isinstance(error.__cause__, (pg.LockNotAvailable, pg.QueryCanceled)):
            raise KeyInProgress() from error
        raise
    stored = {key: (bytes(mark), Answer(status, body)) for key, mark, status, body in rows}
    answers: list[Answer | DomainError | None] = []
    for each in keys:
        if each.key not in stored:
            answers.append(None)
            continue
        fingerprint, answer = stored[each.key]
        answers.append(answer.replay() if each.is_of(fingerprint) else KeyMismatch())
    return answers


def store_answers(answers: Sequence[tuple[IdempotencyKey, Answer]]) -> None:
    """Keep the answers of one owner's new keys.

    Raises `IntegrityError` when a request with one of the keys has been answered since `recall`.
    """
    if not answers:
        return
    # In binary: as text, every quote of the JSON would be looked for and escaped, which took a
    # fifth of the web's CPU for a batch of 100 orders.
    run(
        """INSERT INTO idempotency_storedanswer (owner, key, fingerprint, status, body)
           SELECT %s::text, * FROM unnest(%b::text[], %b::bytea[], %s::int[], %b::text[])""",
        [
            answers[0][0].owner,
            [each.key for each, _ in answers],
            [each.fingerprint for each, _ in answers],
            numbers(answer.status for _, answer in answers),
            [answer.body for _, answer in answers],
        ],
    )
