"""Where a request came from."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest

LONGEST = 64  # characters; an IPv6 address with its zone takes 60


def address_of(request: HttpRequest | None) -> str:
    """Return the address that a request came from; behind TLS the one that the proxy names."""
    head = {} if request is None else request.META
    named = head.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()
    return str(named if settings.HTTPS and named else head.get("REMOTE_ADDR", ""))[:LONGEST]
