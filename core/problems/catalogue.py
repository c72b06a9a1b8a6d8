"""Refusals as data: every error a client can meet, as RFC 9457 problem documents.

A command refuses by raising a `DomainError`, which `problem_answers` turns into
`application/problem+json`. The classes are the catalogue: each has a stable `code`, an HTTP
status, and a docstring that is its page under `/problems/`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

MEDIA_TYPE = "application/problem+json"


class DomainError(Exception):
    """The request was understood and refused."""

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 409
    title: ClassVar[str] = "Refused"
    # A refusal rolls its effects back, unless recording them is the point (a wrong pickup code).
    keeps_effect: ClassVar[bool] = False
    headers: ClassVar[dict[str, str]] = {}

    def __init__(self, detail: str | None = None, **data: Any) -> None:
        self.detail = detail or (self.__doc__ or self.title).strip().splitlines()[0]
        self.data = data
        super().__init__(self.detail)

    def document(self) -> dict[str, Any]:
        """Return the RFC 9457 members, with the data of this refusal beside them."""
        return {
            "type": f"/problems/{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            **self.data,
        }


class ValidationFailed(DomainError):
    """The body or the query is not what this endpoint takes.

    `errors` lists what is wrong: a JSON pointer into the body, a sentence, and a stable code.
    Nothing was written. Mend the request and send it again.
    """

    code = "validation_error"
    status = 400
    title = "Invalid request"

    def __init__(self, errors: list[dict[str, str]], detail: str | None = None) -> None:
        super().__init__(detail or errors[0]["detail"], errors=errors)

    @classmethod
    def at(cls, pointer: str, detail: str, code: str = "invalid") -> ValidationFailed:
        """Refuse one place of the body."""
        return cls([{"pointer": pointer, "detail": detail, "code": code}])


class MalformedBody(DomainError):
    """The body is not valid UTF-8 JSON.

    NUL characters, lone surrogates, NaN and Infinity are refused too, because no database can
    keep them.
    """

    code = "malformed_body"
    status = 400
    title = "Malformed body"


class MalformedUrl(DomainError):
    """The address holds characters that cannot be looked up, such as NUL."""

    code = "malformed_url"
    status = 400
    title = "Malformed address"


class MalformedRequest(DomainError):
    """The request is not HTTP as it should be written: its line, a header or a chunk is broken."""

    code = "malformed_request"
    status = 400
    title = "Malformed request"


class UnknownHost(DomainError):
    """The `Host` header names no host, or none that this service answers for."""

    code = "unknown_host"
    status = 400
    title = "Unknown host"


class AddressTooLong(DomainError):
    """The address with its query is over the limit of 8,190 characters."""

    code = "address_too_long"
    status = 414
    title = "Address too long"


class HeadersTooLarge(DomainError):
    """A header is over the limit of 8,190 characters, or there are more than a hundred."""

    code = "headers_too_large"
    status = 431
    title = "Headers too large"


class BodyTooLarge(DomainError):
    """The body is over the limit of 5 MiB. Send it in parts, or use an import."""

    code = "body_too_large"
    status = 413
    title = "Body too large"


class FileTooLarge(DomainError):
    """The upload is over the limit of 200 MiB. Split the file: each part needs the header row."""

    code = "file_too_large"
    status = 413
    title = "File too large"


class UnsupportedMediaType(DomainError):
    """This endpoint takes `application/json`, or the form that `detail` names."""

    code = "unsupported_media_type"
    status = 415
    title = "Unsupported media type"


class MethodNotAllowed(DomainError):
    """This address exists, but not with this method."""

    code = "method_not_allowed"
    status = 405
    title = "Method not allowed"


class NotAcceptable(DomainError):
    """This service answers in JSON."""

    code = "not_acceptable"
    status = 406
    title = "Not acceptable"


class Unauthenticated(DomainError):
    """The API key is missing, unknown, expired or revoked.

    Send `Authorization: Bearer <key>`. A key is made with `manage.py issue_api_key`.
    """

    code = "unauthenticated"
    status = 401
    title = "Unknown client"
    headers = {"WWW-Authenticate": "Bearer"}


class Forbidden(DomainError):
    """The client is known, but its key lacks the scope for this."""

    code = "forbidden"
    status = 403
    title = "Not allowed"


class TiedPrincipal(Forbidden):
    """The key, or the account, is tied to some channels or locations, and this concerns others."""

    code = "tied_principal"
    title = "Tied to a part"


class CsrfFailed(DomainError):
    """A request of a signed-in browser did not prove that one of our pages made it.

    Load the page anew and try again. Programs send an API key instead of a session: then no such
    proof is needed.
    """

    code = "csrf_failed"
    status = 403
    title = "The page is too old"


class NotFound(DomainError):
    """There is nothing at this address that this client may see."""

    code = "not_found"
    status = 404
    title = "Not found"


class PreconditionFailed(DomainError):
    """The resource has changed since it was read: its ETag is not the one in `If-Match`.

    Read it again, and decide again.
    """

    code = "precondition_failed"
    status = 412
    title = "Changed meanwhile"


class Conflict(DomainError):
    """Another request changed the same thing at the same moment. Nothing was written; repeat it."""

    code = "conflict"
    title = "Changed at the same moment"
    headers = {"Retry-After": "1"}


class TooSlow(DomainError):
    """The rest of the request did not come in time.

    Nothing was done. Repeat it with the same Idempotency-Key when the line is better.
    """

    code = "too_slow"
    status = 408
    title = "The request came too slowly"


class TooManyRequests(DomainError):
    """More was asked than this client may ask a minute. Wait for `Retry-After` seconds.

    Nothing was read or written. `limit` requests may be asked in `window_seconds`; the headers
    `RateLimit-Policy` and `RateLimit` of every answer tell the same, and what is left.
    """

    code = "too_many_requests"
    status = 429
    title = "Too many requests"
    headers = {"Retry-After": "1"}


class TemporarilyUnavailable(DomainError):
    """The database cannot be reached or is too busy for the moment.

    Nothing was written, or it was written whole: repeat the request with the same
    Idempotency-Key after `Retry-After` seconds, and get the one true answer.
    """

    code = "temporarily_unavailable"
    status = 503
    title = "Try again shortly"
    headers = {"Retry-After": "1"}


class Overloaded(DomainError):
    """More requests wait already than can be answered soon.

    Nothing was read or written. Repeat the request with the same Idempotency-Key after
    `Retry-After` seconds, and later still when this comes again.
    """

    code = "overloaded"
    status = 503
    title = "Too busy"
    headers = {"Retry-After": "1"}


class InternalError(DomainError):
    """A defect of this service. It has been logged under the request id."""

    code = "internal_error"
    status = 500
    title = "Internal error"


def catalogue() -> dict[str, type[DomainError]]:
    """Return every problem type by its code."""

    def below(kind: type[DomainError]) -> Iterator[type[DomainError]]:
        yield kind
        for child in kind.__subclasses__():
            yield from below(child)

    return {kind.code: kind for kind in below(DomainError)}
