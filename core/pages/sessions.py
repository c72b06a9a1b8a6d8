"""How long a session lasts."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.contrib.auth import SESSION_KEY, logout
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from core.access.models import User
from core.access.sessions import BEGAN, USED
from core.audit.models import Outcome
from core.audit.record import record
from core.pages.middleware import has_key

LONGEST = 12 * 3600  # seconds from signing in: a shift, with what it overruns
IDLE = 3600  # seconds without a request
TOUCH = 60  # seconds between two notes of when a session was used


class SessionLimitsMiddleware:
    """Ends a session that is too old or was left alone too long."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not has_key(request) and SESSION_KEY in request.session:
            self._look_at(request)
        return self.get_response(request)

    @staticmethod
    def _look_at(request: HttpRequest) -> None:
        now = int(time.time())
        began, used = request.session.get(BEGAN, 0), request.session.get(USED, 0)
        if now - began > LONGEST or now - used > IDLE:
            _record_end(
                request.session[SESSION_KEY], why="old" if now - began > LONGEST else "idle"
            )
            logout(request)
        elif now - used > TOUCH:
            request.session[USED] = now


def _record_end(person_id: str, *, why: str) -> None:
    person = User.objects.filter(pk=person_id).first()
    if person is not None:
        record(
            actor=person.principal(),
            action="session.ended",
            subject=f"users/{person.pk}",
            security=Outcome.DONE,
            why=why,
        )
