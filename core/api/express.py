"""The express lane: the few addresses that are asked most skip what only pages need.

Django's middleware, its signals and DRF's layers cost a good part of what placing an order does.
A door of the lane gets a request that is surely right in every outward way: a known key with the
scope, JSON in, JSON out. Whatever is unusual, in the envelope or in the body, takes the normal
way, which knows how to say what is wrong. So the lane says nothing of a request but that its
client asks too much.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

import msgspec
from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.middleware.security import SecurityMiddleware
from django.utils.module_loading import import_string

from core.access.keys import recognise_lately
from core.access.principal import Principal
from core.access.rate import RateLimitMiddleware, charge
from core.api.requests import GetResponse, RequestIdMiddleware
from core.metrics.middleware import MetricsMiddleware
from core.problems.handler import as_problem, problem_response

log = logging.getLogger("core.api.express")
Environ = dict[str, Any]
Application = Callable[[Environ, Any], Iterable[bytes]]
# Takes the request's JSON object; None: this one must take the normal way.
Door = Callable[[HttpRequest, dict[str, Any], Principal], HttpResponse | None]

SMALL = 65_536  # bytes of a body; longer ones take the normal way
_PLAIN_ACCEPT = ("*/*", "application/json")


class _NormalWay(Exception):
    """The door has looked at the request and leaves it to the normal way."""


class ExpressLane:
    """WSGI middleware: answers at the doors of `EXPRESS_DOORS`, lets everything else pass.

    `EXPRESS_DOORS` maps "POST /api/v1/orders" to (the scope it needs, the dotted name of its door).
    """

    def __init__(self, application: Application) -> None:
        self.application = application
        doors: Mapping[str, tuple[str, str]] = settings.EXPRESS_DOORS
        self.doors: dict[str, tuple[str, Door]] = {
            address: (scope, import_string(name)) for address, (scope, name) in doors.items()
        }
        # What every answer has, by the classes that give it on the normal way.
        answers = RateLimitMiddleware(cast(GetResponse, SecurityMiddleware(self._knock)))
        self._open = RequestIdMiddleware(MetricsMiddleware(answers))

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        response = self.answer(environ)
        if response is None:
            return self.application(environ, start_response)
        # The pool's connection is given back here: no signal of Django's tells that it is over.
        connection.close_if_unusable_or_obsolete()
        start_response(f"{response.status_code} {response.reason_phrase}", [*response.items()])
        return [response.content]

    def answer(self, environ: Environ) -> HttpResponse | None:
        """Answer a request at its door; None if it must take the normal way, unread."""
        if f"{environ['REQUEST_METHOD']} {environ.get('PATH_INFO')}" not in self.doors:
            return None
        length = environ.get("CONTENT_LENGTH", "")
        if not length.isdecimal() or int(length) > SMALL or not _is_plain(environ):
            return None
        body = io.BytesIO(environ["wsgi.input"].read(int(length)))
        environ["wsgi.input"] = body
        try:
            return self._open(WSGIRequest(environ))
        except _NormalWay:
            body.seek(0)
            return None

    def _knock(self, request: HttpRequest) -> HttpResponse:
        scope, door = self.doors[f"{request.method} {request.path}"]
        actor = _sender(request, scope)
        data = None if actor is None else read_object(request.META["wsgi.input"].getvalue())
        if actor is None or data is None:
            raise _NormalWay()
        try:
            charge(request, actor)
            response = door(request, data, actor)
        except Exception as error:
            return problem_response(as_problem(error))
        if response is None:
            raise _NormalWay()
        return response


def _is_plain(head: Environ) -> bool:
    """Say whether nothing about the envelope is unusual."""
    return (
        head.get("CONTENT_TYPE") in ("application/json", "application/json; charset=utf-8")
        and head.get("HTTP_ACCEPT", "*/*") in _PLAIN_ACCEPT
        and not head.get("QUERY_STRING")
        and "HTTP_TRANSFER_ENCODING" not in head
        and "HTTP_EXPECT" not in head
    )


def _sender(request: HttpRequest, scope: str) -> Principal | None:
    """Return who sends it, if the key is known and has the scope."""
    scheme, _, key = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme != "Bearer" or not key:
        return None
    try:
        actor = recognise_lately(key)
    except Exception as error:
        # The normal way asks again, and says what it met.
        log.info("a key could not be looked up: %s", error)
        return None
    return actor if actor is not None and actor.may(scope) else None


def read_object(raw: bytes) -> dict[str, Any] | None:
    """Decode a JSON object that PostgreSQL can keep; None for anything else."""
    if b"\\u0000" in raw:
        return None
    try:
        data = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return data if isinstance(data, dict) else None
