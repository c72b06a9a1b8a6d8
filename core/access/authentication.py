"""Turning a request into a `Principal`."""

from __future__ import annotations

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request

from core.access.keys import recognise, recognise_lately
from core.access.principal import Principal
from core.problems.catalogue import CsrfFailed, Unauthenticated


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer <key>`. A view with `recent_keys` believes one for a second."""

    def authenticate(self, request: Request) -> tuple[Principal, None] | None:
        scheme, _, key = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if not scheme:
            return None
        if scheme.lower() != "bearer" or not key.strip():
            raise Unauthenticated("The Authorization header must read: Bearer <key>.")
        view = request.parser_context["view"]
        look_up = recognise_lately if getattr(view, "recent_keys", False) else recognise
        principal = look_up(key.strip())
        if principal is None:
            raise Unauthenticated("This API key is unknown, expired or revoked.")
        return principal, None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class StaffSessionAuthentication(SessionAuthentication):
    """A signed-in member of staff, with CSRF, at the same endpoints."""

    def authenticate(self, request: Request) -> tuple[Principal, None] | None:
        user = getattr(request._request, "user", None)
        if not user or not (user.is_active and user.is_staff):
            return None
        try:
            self.enforce_csrf(request)
        except PermissionDenied as refusal:
            raise CsrfFailed() from refusal
        return user.principal(), None


class ApiKeyScheme(OpenApiAuthenticationExtension):
    target_class = ApiKeyAuthentication
    name = "ApiKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A key of an API client"}


class StaffSessionScheme(OpenApiAuthenticationExtension):
    target_class = StaffSessionAuthentication
    name = "StaffSession"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}
