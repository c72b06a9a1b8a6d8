"""One door for every act: claim, effect and answer in one transaction."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, OperationalError, connection, transaction
from django.http import HttpResponse
from psycopg import errors as pg
from rest_framework.request import Request

from omniretail.access.principal import Principal
from omniretail.idempotency.errors import KeyInProgress, KeyMalformed, KeyMismatch, KeyRequired
from omniretail.problems import MEDIA_TYPE, DomainError

ATTEMPTS = 4
CONFLICTS = (pg.DeadlockDetected, pg.SerializationFailure, pg.UniqueViolation)
_KEY = re.compile(r"^[\x21-\x7e]{1,255}$")

T = TypeVar("T")
Effect = Callable[[], tuple[int, Any]]


@dataclass(frozen=True, slots=True)
class Claim:
    """What makes two requests the same act: whose key, which key, of what."""

    owner: str
    key: str
    fingerprint: bytes

    @classmethod
    def of(cls, request: Request) -> Claim:
        """Read the claim of a request, or refuse it for its missing or malformed key."""
        key = request.headers.get("Idempotency-Key")
        if key is None:
            raise KeyRequired()
        if not _KEY.match(key):
            raise KeyMalformed()
        assert isinstance(request.user, Principal)
        parts = [
            (request.method or "").encode(),
            request.get_full_path().encode(),
            msgspec.json.encode(request.data, order="sorted"),
        ]
        return cls(request.user.id, key, hashlib.sha256(b"\n".join(parts)).digest())


def execute(request: Request, effect: Effect) -> HttpResponse:
    """Run `effect` once for this request's Idempotency-Key and answer with what it returned.

    `effect` returns (status, JSON-able body) or raises a `DomainError`. A refusal is rolled
    back and its answer stored, else the same key could be refused first and accepted later;
    invalid input (400, 404) is not stored, so that a mended request may keep its key. A
    deadlock or a serialisation failure is retried whole.
    """
    claim = Claim.of(request)
    return retry_conflicts(lambda: _execute_once(claim, effect))


def retry_conflicts(act: Callable[[], T]) -> T:
    """Run a whole transaction again when it met another one: a deadlock, the same new row."""
    for attempt in range(ATTEMPTS):
        try:
            return act()
        except (OperationalError, IntegrityError) as error:
            if not isinstance(error.__cause__, CONFLICTS) or attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


def _execute_once(claim: Claim, effect: Effect) -> HttpResponse:
    with transaction.atomic():
        stored = _claim(claim)
        if stored is not None:
            return stored
        try:
            with transaction.atomic():
                try:
                    status, body = effect()
                    refusal = None
                except DomainError as error:
                    if not error.keeps_effect:
                        raise
                    refusal = error
        except DomainError as error:
            refusal = error
        if refusal is not None:
            if refusal.status in (400, 404):
                raise refusal
            status, body = refusal.status, refusal.document()
        text = json.dumps(body, cls=DjangoJSONEncoder, ensure_ascii=False)
        _store(claim, status, text)
        return _answer(status, text)


def _claim(claim: Claim) -> HttpResponse | None:
    """Take the key, or return the answer that it already has.

    The insert waits for a running request with the same key, up to `lock_timeout`.
    """
    with connection.cursor() as cursor:
        try:
            cursor.execute(
                """INSERT INTO idempotency_storedanswer (owner, key, fingerprint)
                   VALUES (%s, %s, %s) ON CONFLICT DO NOTHING""",
                [claim.owner, claim.key, claim.fingerprint],
            )
        except OperationalError as error:
            if isinstance(error.__cause__, (pg.LockNotAvailable, pg.QueryCanceled)):
                raise KeyInProgress() from error
            raise
        if cursor.rowcount:
            return None
        cursor.execute(
            """SELECT fingerprint, status, body FROM idempotency_storedanswer
               WHERE owner = %s AND key = %s""",
            [claim.owner, claim.key],
        )
        row = cursor.fetchone()
    if row is None:  # forgotten by the sweep between the two statements
        raise KeyInProgress()
    fingerprint, status, body = row
    if bytes(fingerprint) != claim.fingerprint:
        raise KeyMismatch()
    response = _answer(status, body)
    response["Idempotency-Replayed"] = "true"
    return response


def _store(claim: Claim, status: int, body: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE idempotency_storedanswer SET status = %s, body = %s
               WHERE owner = %s AND key = %s""",
            [status, body, claim.owner, claim.key],
        )


def _answer(status: int, body: str) -> HttpResponse:
    media_type = MEDIA_TYPE if status >= 400 else "application/json"
    return HttpResponse(body, status=status, content_type=media_type)
