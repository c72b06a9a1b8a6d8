"""Problem documents as they go over the wire, for what is refused before there is a request."""

from __future__ import annotations

import json
import uuid
from http import HTTPStatus

from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine

from core.metrics.counters import REFUSED
from core.problems import catalogue as problems


def unreadable(error: BaseException) -> bytes:
    """Answer what is not HTTP as it should be; the connection ends with it."""
    problem: problems.DomainError
    if isinstance(error, LimitRequestLine):
        problem = problems.AddressTooLong()
    elif isinstance(error, LimitRequestHeaders):
        problem = problems.HeadersTooLarge()
    else:
        problem = problems.MalformedRequest(f"The request cannot be read: {error}.")
    return _written(problem, "Connection: close")


def overloaded(*, keeps: bool) -> bytes:
    """Answer one request too many; say whether the connection is kept."""
    _count_overloaded()
    return (_KEEPS if keeps else _CLOSES).replace(_ID, uuid.uuid4().hex.encode())


def too_slow() -> bytes:
    """Answer a request whose end does not come; the connection ends with it."""
    return _written(problems.TooSlow(), "Connection: close")


def _written(problem: problems.DomainError, *headers: str, request_id: str | None = None) -> bytes:
    body = json.dumps(problem.document()).encode()
    head = [
        f"HTTP/1.1 {problem.status} {HTTPStatus(problem.status).phrase}",
        *headers,
        *(f"{name}: {value}" for name, value in problem.headers.items()),
        f"Content-Type: {problems.MEDIA_TYPE}",
        f"Content-Length: {len(body)}",
        f"X-Request-Id: {request_id or uuid.uuid4().hex}",
    ]
    return "\r\n".join(head).encode("ascii") + b"\r\n\r\n" + body


# Written beforehand, but for the id: there are many when there is least time.
_ID = b"0" * 32
_KEEPS = _written(problems.Overloaded(), request_id=_ID.decode())
_CLOSES = _written(problems.Overloaded(), "Connection: close", request_id=_ID.decode())
_count_overloaded = REFUSED.labels("overloaded").inc
