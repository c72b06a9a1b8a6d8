"""From exceptions to `application/problem+json`, inside of DRF and outside of it."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

from django.core.exceptions import DisallowedHost, PermissionDenied, RequestDataTooBig
from django.db import DataError, IntegrityError
from django.http import Http404, HttpRequest, JsonResponse, UnreadablePostError
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions as drf
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from core.database.errors import is_database_away, told_without_values
from core.problems.catalogue import (
    MEDIA_TYPE,
    BodyTooLarge,
    Conflict,
    DomainError,
    Forbidden,
    InternalError,
    MalformedBody,
    MalformedUrl,
    MethodNotAllowed,
    NotAcceptable,
    NotFound,
    TemporarilyUnavailable,
    TooManyRequests,
    TooSlow,
    Unauthenticated,
    UnknownHost,
    UnsupportedMediaType,
    ValidationFailed,
)

log = logging.getLogger("core.problems.catalogue")
READING = ("GET", "HEAD")


def answer_problem(error: Exception, context: dict[str, Any]) -> Response:
    """Turn an exception of an API view into a problem document (DRF's exception handler)."""
    problem = as_problem(error)
    if isinstance(request := context.get("request"), Request):
        # Always JSON, also from an endpoint that answers with HTML.
        request.accepted_renderer = JSONRenderer()
        request.accepted_media_type = JSONRenderer.media_type
    if isinstance(problem, UnsupportedMediaType) and (view := context.get("view")):
        taken = " or ".join(kind.media_type for kind in view.parser_classes)
        problem = UnsupportedMediaType(f"This endpoint takes {taken}.")
    headers = dict(problem.headers)
    if isinstance(error, drf.MethodNotAllowed) and context.get("view"):
        headers["Allow"] = ", ".join(context["view"].allowed_methods)
    response = Response(
        problem.document(), status=problem.status, headers=headers, content_type=MEDIA_TYPE
    )
    response.exception = True
    return response


def as_problem(error: Exception) -> DomainError:
    """Return the problem for an exception; an unexpected one is logged as a defect."""
    if isinstance(error, DomainError):
        return error
    if isinstance(error, drf.ValidationError):
        return ValidationFailed(list(_pointed(error.get_full_details())))
    for kind, answer in _TRANSLATIONS:
        if isinstance(error, kind):
            return answer()
    if is_database_away(error):
        log.warning("database unavailable: %s", error)
        return TemporarilyUnavailable()
    if isinstance(error, DataError):
        # Validation missed it: PostgreSQL refused a value that it cannot store.
        log.warning("value refused by the database: %s", told_without_values(error))
        return ValidationFailed.at("", "A value is outside what can be stored.", "out_of_range")
    if isinstance(error, IntegrityError):
        # Two requests made the same thing at once, and this one came second.
        log.warning("constraint met: %s", told_without_values(error))
        return Conflict()
    log.error("unforeseen error", exc_info=error)
    return InternalError()


_TRANSLATIONS: list[tuple[type[Exception] | tuple[type[Exception], ...], type[DomainError]]] = [
    ((Http404, drf.NotFound), NotFound),
    ((drf.NotAuthenticated, drf.AuthenticationFailed), Unauthenticated),
    ((drf.PermissionDenied, PermissionDenied), Forbidden),
    (drf.MethodNotAllowed, MethodNotAllowed),
    (drf.NotAcceptable, NotAcceptable),
    (drf.UnsupportedMediaType, UnsupportedMediaType),
    (drf.Throttled, TooManyRequests),
    (RequestDataTooBig, BodyTooLarge),
    (UnreadablePostError, TooSlow),
    (drf.ParseError, MalformedBody),
    (DisallowedHost, UnknownHost),
]


def _pointed(details: Any, pointer: str = "") -> Iterator[dict[str, str]]:
    """Flatten DRF's nested error details into pointers."""
    if isinstance(details, list):
        for index, item in enumerate(details):
            leaf = isinstance(item, dict) and set(item) == {"message", "code"}
            yield from _pointed(item, pointer if leaf else f"{pointer}/{index}")
    elif isinstance(details, dict) and set(details) == {"message", "code"}:
        yield {
            "pointer": pointer,
            "detail": str(details["message"]),
            "code": str(details["code"]),
        }
    elif isinstance(details, dict):
        for name, item in details.items():
            yield from _pointed(
                item, pointer if name == "non_field_errors" else f"{pointer}/{_escaped(str(name))}"
            )


def _escaped(name: str) -> str:
    """Write a member's name as JSON pointers do (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")


def problem_response(problem: DomainError) -> JsonResponse:
    """Answer outside of DRF (middleware, unknown addresses)."""
    return JsonResponse(
        problem.document(),
        status=problem.status,
        headers=dict(problem.headers),
        content_type=MEDIA_TYPE,
    )


def to_be_read(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Make a page read-only, and refuse other methods as the API does: no CSRF token is required,
    whose absence Django would answer with a page of HTML."""

    @csrf_exempt
    @wraps(view)
    def read(request: HttpRequest, **named: Any) -> HttpResponseBase:
        if request.method in READING:
            return view(request, **named)
        refusal = problem_response(MethodNotAllowed())
        refusal["Allow"] = ", ".join(READING)
        return refusal

    return read


def not_found(request: HttpRequest, exception: Exception) -> JsonResponse:
    """Answer an unknown address (Django's handler404)."""
    return problem_response(NotFound())


def bad_request(request: HttpRequest, exception: Exception) -> JsonResponse:
    """Answer a request that Django itself refuses (handler400)."""
    if isinstance(exception, DisallowedHost):
        return problem_response(UnknownHost())
    return problem_response(MalformedUrl())


def server_error(request: HttpRequest) -> JsonResponse:
    """Answer what a page raised outside of DRF (handler500), which Django has logged already."""
    error = sys.exc_info()[1]
    if error is not None and is_database_away(error):
        return problem_response(TemporarilyUnavailable())
    if isinstance(error, UnreadablePostError):
        return problem_response(TooSlow())
    return problem_response(InternalError())
