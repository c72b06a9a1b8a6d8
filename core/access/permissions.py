"""The scope that each view asks for."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from core.access.principal import Principal
from core.problems.catalogue import Forbidden, TiedPrincipal, Unauthenticated


def refuse_tied(principal: Principal, *, channels: bool = False) -> None:
    """Refuse what concerns the whole network, or all channels, to one that is tied to a part.

    With `channels` it may be tied to channels, among which the caller looks.
    """
    if principal.locations is not None or (principal.channels is not None and not channels):
        raise TiedPrincipal("Who is tied to a part of the network may not do this.")


class HasScope(BasePermission):
    """Compare the principal with the view's `scopes`: `{"GET": "stock:read", …}`."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.method == "OPTIONS":
            return True
        if not isinstance(request.user, Principal):
            raise Unauthenticated("Send an API key: Authorization: Bearer <key>.")
        # HEAD is GET without the body, and tells as much in its headers.
        scope = view.scopes.get("GET" if request.method == "HEAD" else request.method)
        if scope is not None and not request.user.may(scope):
            raise Forbidden(f"This needs the scope {scope}.", scope=scope)
        return True
