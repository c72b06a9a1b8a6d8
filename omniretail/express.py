"""The express lane: the few addresses that are asked most skip what only pages need.

Sessions, CSRF, messages, the content policy and DRF's layers cost a good part of what placing an
order does. A door of the lane gets a request that is surely right in every outward way: a known key
with the scope, JSON in, JSON out. Whatever is unusual, in the envelope or in the body, takes the
normal way, which knows how to say what is wrong. So the lane has no refusals of its own.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string

from omniretail.access.keys import recognise_lately
from omniretail.access.principal import Principal
from omniretail.problem_answers import as_problem, problem_response

log = logging.getLogger("omniretail.express")
GetResponse = Callable[[HttpRequest], HttpResponse]
# Takes the request's JSON object; None: this one must take the normal way.
Door = Callable[[HttpRequest, dict[str, Any], Principal], HttpResponse | None]

_PLAIN_ACCEPT = ("*/*", "application/json")


class ExpressLane:
    """Middleware: answers at the doors of `EXPRESS_DOORS`, lets everything else pass.

    `EXPRESS_DOORS` maps "POST /api/v1/orders" to (the scope it needs, the dotted name of its door).
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        doors: Mapping[str, tuple[str, str]] = settings.EXPRESS_DOORS
        self.doors: dict[str, tuple[str, Door]] = {
            address: (scope, import_string(name)) for address, (scope, name) in doors.items()
        }

    def __call__(self, request: HttpRequest) -> HttpResponse:
        found = self.doors.get(f"{request.method} {request.path}")
        if found is None:
            return self.get_response(request)
        scope, door = found
        actor, data = _sender(request, scope), None
        if actor is not None:
            data = read_object(request)
        if actor is None or data is None:
            return self.get_response(request)
        try:
            response = door(request, data, actor)
        except Exception as error:
            return problem_response(as_problem(error))
        return self.get_response(request) if response is None else response


def _sender(request: HttpRequest, scope: str) -> Principal | None:
    """Return who sends it, when nothing about the envelope is unusual."""
    head = request.META
    if (
        head.get("CONTENT_TYPE") not in ("application/json", "application/json; charset=utf-8")
        or head.get("HTTP_ACCEPT", "*/*") not in _PLAIN_ACCEPT
        or head.get("QUERY_STRING")
    ):
        return None
    scheme, _, key = head.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme != "Bearer" or not key:
        return None
    try:
        actor = recognise_lately(key)
    except Exception as error:
        # The normal way asks again, and says what it met.
        log.info("a key could not be looked up: %s", error)
        return None
    return actor if actor is not None and actor.may(scope) else None


def read_object(request: HttpRequest) -> dict[str, Any] | None:
    """Decode a JSON object that PostgreSQL can keep; None for anything else."""
    raw = request.body
    if b"\\u0000" in raw:
        return None
    try:
        data = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return data if isinstance(data, dict) else None
