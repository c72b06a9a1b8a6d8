"""Claims and their stored answers, many at once: one statement to take, one to store."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from psycopg import errors as pg
from rest_framework.request import Request

from omniretail.access.principal import Principal
from omniretail.idempotency.errors import KeyInProgress, KeyMalformed, KeyMismatch, KeyRequired
from omniretail.problems import MEDIA_TYPE, DomainError
from omniretail.statements import numbers, run

_KEY = re.compile(r"^[\x21-\x7e]{1,255}$")


@dataclass(frozen=True, slots=True)
class Claim:
    """What makes two requests the same act: whose key, which key, of what."""

    owner: str
    key: str
    fingerprint: bytes

    @classmethod
    def of(cls, request: Request) -> Claim:
        """Read the claim of a request, or refuse it for its missing or malformed key."""
        assert isinstance(request.user, Principal)
        return cls.made(request, request.data, request.user)

    @classmethod
    def made(cls, request: Request | HttpRequest, data: Any, actor: Principal) -> Claim:
        """Read the claim of a request whose JSON is `data`; refusals as for `of`."""
        key = request.META.get("HTTP_IDEMPOTENCY_KEY")
        if key is None:
            raise KeyRequired()
        if not _KEY.match(key):
            raise KeyMalformed()
        parts = [
            (request.method or "").encode(),
            request.get_full_path().encode(),
            msgspec.json.encode(data, order="sorted"),
        ]
        return cls(actor.id, key, hashlib.sha256(b"\n".join(parts)).digest())


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


def take_keys(claims: Sequence[Claim]) -> set[str]:
    """Take the keys of one owner's claims that nobody has taken; return them.

    Waits for requests with the same keys that still run, up to `lock_timeout`; then
    `KeyInProgress`. Keys are taken in order, so that two sets never wait for each other.
    """
    keys = {claim.key: claim.fingerprint for claim in reversed(claims)}
    try:
        rows = run(
            """INSERT INTO idempotency_storedanswer (owner, key, fingerprint)
               SELECT %s::text, * FROM unnest(%s::text[], %s::bytea[])
               ON CONFLICT DO NOTHING RETURNING key""",
            [claims[0].owner, sorted(keys), [keys[key] for key in sorted(keys)]],
        )
    except OperationalError as error:
        if isinstance(error.__cause__, (pg.LockNotAvailable, pg.QueryCanceled)):
            raise KeyInProgress() from error
        raise
    return {key for (key,) in rows}


def find_answers(claims: Sequence[Claim]) -> list[Answer | DomainError]:
    """Return what claims whose keys are taken were answered, or why they get no answer."""
    if not claims:
        return []
    rows = run(
        """SELECT key, fingerprint, status, body FROM idempotency_storedanswer
           WHERE owner = %s::text AND key = ANY(%s::text[])""",
        [claims[0].owner, [claim.key for claim in claims]],
    )
    stored = {key: (bytes(mark), Answer(status, body)) for key, mark, status, body in rows}
    answers: list[Answer | DomainError] = []
    for claim in claims:
        # Absent: forgotten by the sweep, or refused as invalid, between the two statements.
        fingerprint, answer = stored.get(claim.key, (claim.fingerprint, None))
        if fingerprint != claim.fingerprint:
            answers.append(KeyMismatch())
        elif answer is None or answer.status is None:
            answers.append(KeyInProgress())
        else:
            answers.append(answer.replay())
    return answers


def store_answers(owner: str, answers: Mapping[str, Answer]) -> None:
    """Keep the answers of taken keys."""
    if not answers:
        return
    run(
        """UPDATE idempotency_storedanswer s SET status = a.status, body = a.body
           FROM unnest(%s::text[], %s::int[], %s::text[]) AS a(key, status, body)
           WHERE s.owner = %s::text AND s.key = a.key""",
        [
            list(answers),
            numbers(answer.status for answer in answers.values()),
            [answer.body for answer in answers.values()],
            owner,
        ],
    )


def give_back_keys(owner: str, keys: Sequence[str]) -> None:
    """Forget taken keys whose requests were invalid: mended, they may be sent again."""
    if not keys:
        return
    run(
        "DELETE FROM idempotency_storedanswer WHERE owner = %s::text AND key = ANY(%s::text[])",
        [owner, list(keys)],
    )
