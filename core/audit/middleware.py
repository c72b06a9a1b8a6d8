"""What the security log says of a request that has been answered."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from core.access.keys import refused_key
from core.access.models import User
from core.access.principal import Principal
from core.audit.models import Outcome
from core.audit.record import record
from core.audit.refusals import UNKNOWN, record_refusal
from core.audit.source import SOURCE, Source
from core.problems.catalogue import MEDIA_TYPE

REFUSED = (401, 403)
READING = ("GET", "HEAD", "OPTIONS")
HARMLESS = re.compile(r"[A-Za-z0-9_.-]{1,40}")  # a code or an id, and no pass
SECRET = frozenset({"payload"})  # what a scanner read may open a pickup


class SecurityLogMiddleware:
    """Records refusals, after the request's transaction, and that personal data was read."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        source = Source(request)
        token = SOURCE.set(source)
        try:
            response = self.get_response(request)
            status = response.status_code
            if status >= 400:
                if not source.is_refusal_recorded and _is_refusal(request, status):
                    _record_refusal(request, response)
            elif source.released and status == 200 and request.method == "GET":
                with transaction.atomic():
                    record(
                        actor=actor_of(request),
                        action="personal_data.read",
                        subject=subject_of(request),
                        security=Outcome.DONE,
                        released=dict(source.released),
                    )
            return response
        finally:
            SOURCE.reset(token)


def _is_refusal(request: HttpRequest, status: int) -> bool:
    """Say whether access was refused. Who is tied to places is told 404 of what is elsewhere."""
    if status in REFUSED:
        return True
    if status != 404 or request.method in READING or request.resolver_match is None:
        return False
    actor = actor_of(request)
    return actor.channels is not None or actor.locations is not None


def _record_refusal(request: HttpRequest, response: HttpResponseBase) -> None:
    data: dict[str, Any] = {"method": request.method or "", "status": response.status_code}
    if code := _code_of(response):
        data["code"] = code
    actor, action, subject = actor_of(request), "request.refused", subject_of(request)
    key = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")[2].strip()
    if response.status_code == 401 and key:
        action = "api_key.refused"
        data["why"], client = refused_key(key)
        if client is not None:
            actor = client.principal()
    record_refusal(actor=actor, action=action, subject=subject, **data)


def _code_of(response: HttpResponseBase) -> str:
    """Return the code of a problem document."""
    if isinstance(response, HttpResponse) and response.get("Content-Type", "") == MEDIA_TYPE:
        return str(json.loads(response.content).get("code", ""))
    return ""


def actor_of(request: HttpRequest) -> Principal:
    """Return who asked: a client, a person, or `UNKNOWN`."""
    user = getattr(request, "user", None)
    if isinstance(user, Principal):
        return user
    # Through `is_authenticated`: what the request has may be a promise of a user.
    if user is not None and user.is_authenticated and isinstance(user, User):
        return user.principal()
    return UNKNOWN


def subject_of(request: HttpRequest) -> str:
    """Return the address that was asked, without what may be a secret or a person's."""
    match = request.resolver_match
    if match is None:
        return "an unknown address"
    address = f"/{match.route}"
    for name, value in match.kwargs.items():
        if name not in SECRET and HARMLESS.fullmatch(str(value)):
            address = re.sub(rf"<(\w+:)?{name}>", str(value), address)
    return address[:128]
