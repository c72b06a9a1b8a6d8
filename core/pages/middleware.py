"""The middleware that only pages need: API requests with a key pass it by.

Such a request has no session, and what is answered is JSON. The same endpoints asked by a signed-in
member of staff run all of it: sessions, the signed-in user, CSRF.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from csp import middleware as csp
from csp.constants import HEADER
from csp.utils import build_policy
from django.conf import settings
from django.contrib.auth import middleware as auth
from django.contrib.messages import middleware as messages
from django.contrib.sessions import middleware as sessions
from django.http import HttpRequest
from django.middleware import csrf
from whitenoise import middleware as whitenoise

if TYPE_CHECKING:
    from django.utils.deprecation import MiddlewareMixin
else:
    MiddlewareMixin = object


def has_key(request: HttpRequest) -> bool:
    """Say whether a request is known by its API key alone, be the key right or wrong."""
    return bool(request.META.get("HTTP_AUTHORIZATION")) and request.path_info.startswith("/api/")


class PagesOnly(MiddlewareMixin):
    """Stands before a middleware class, and leaves it out where the request has a key."""

    def __call__(self, request: HttpRequest) -> Any:
        if has_key(request):
            return self.get_response(request)
        return super().__call__(request)


class WhiteNoiseMiddleware(PagesOnly, whitenoise.WhiteNoiseMiddleware):
    pass


class SessionMiddleware(PagesOnly, sessions.SessionMiddleware):
    pass


class CsrfViewMiddleware(PagesOnly, csrf.CsrfViewMiddleware):
    pass


class AuthenticationMiddleware(PagesOnly, auth.AuthenticationMiddleware):
    pass


class MessageMiddleware(PagesOnly, messages.MessageMiddleware):
    pass


@cache
def _policy(prefix: str = "") -> str:
    """Return the policy of addresses below a prefix; "" for those that need no looser one."""
    return str(build_policy(replace=settings.LOOSER_POLICIES.get(prefix)))


class CSPMiddleware(PagesOnly, csp.CSPMiddleware):
    """Puts the policy together for each page; for answers without a nonce, once."""

    def __call__(self, request: HttpRequest) -> Any:
        path = request.path_info
        prefix = next((each for each in settings.LOOSER_POLICIES if path.startswith(each)), "")
        if not prefix and not has_key(request):
            return super().__call__(request)
        response: Any = self.get_response(request)
        response.headers.setdefault(HEADER, _policy(prefix))
        return response
