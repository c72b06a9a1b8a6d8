"""Making and recognising API keys."""

from __future__ import annotations

import hashlib
import secrets
import time
from datetime import datetime

from django.conf import settings

from core.access.models import ApiClient, ApiKey
from core.access.principal import Principal
from core.database.bulk_insert import hex_of
from core.database.statements import run

PREFIX = "omni_"
LATELY = 1.0  # seconds in which a process believes what it has just been told of a key
MOST_REMEMBERED = 1_000

_lately: dict[bytes, tuple[float, Principal]] = {}


def digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


def issue_key(*, client: ApiClient, expires_at: datetime | None = None) -> str:
    """Make a further key for a client and return it: the only time that it can be seen."""
    key = PREFIX + secrets.token_urlsafe(32)
    ApiKey.objects.create(
        client=client, digest=digest(key), hint=key[: len(PREFIX) + 6], expires_at=expires_at
    )
    return key


def recognise(key: str) -> Principal | None:
    """Return who a key belongs to, or None when it is unknown, expired, revoked, or the demo's
    where the demo is not served.

    Asked with every request, so it is plain SQL: as a queryset it was a quarter of what the
    web process does to place an order.
    """
    rows = run(
        """SELECT c.id, c.name, c.scopes, c.channels, c.locations, c.requests_per_minute
           FROM access_apikey k JOIN access_apiclient c ON c.id = k.client_id
           WHERE k.digest = %s::bytea AND k.revoked_at IS NULL
             AND (k.expires_at IS NULL OR k.expires_at > statement_timestamp())
             AND (NOT c.is_demo OR %s::boolean)""",
        [hex_of(digest(key)), settings.DEMO],
    )
    if not rows:
        return None
    identity, name, scopes, channels, locations, limit = rows[0]
    return ApiClient(
        id=identity,
        name=name,
        scopes=scopes,
        channels=channels,
        locations=locations,
        requests_per_minute=limit,
    ).principal()


def refused_key(key: str) -> tuple[str, ApiClient | None]:
    """Say why a key is refused, and whose it is or was; for the log, after the refusal."""
    row = ApiKey.objects.filter(digest=digest(key)).select_related("client").first()
    if row is None:
        return "unknown", None
    if row.revoked_at is not None:
        return "revoked", row.client
    return ("demo" if row.client.is_demo and not settings.DEMO else "expired"), row.client


def recognise_lately(key: str) -> Principal | None:
    """Return who a key belongs to, as known within the last second.

    For the busiest endpoints: a look-up a request costs as much as a tenth of placing an order. A
    key that is revoked, or narrowed, is believed for up to `LATELY` seconds more. An unknown key
    is looked up each time.
    """
    mark, now = digest(key), time.monotonic()
    at, principal = _lately.get(mark, (0.0, None))
    if principal is None or now - at > LATELY:
        principal = recognise(key)
        if len(_lately) >= MOST_REMEMBERED:
            _lately.clear()
        if principal is None:
            _lately.pop(mark, None)
        else:
            _lately[mark] = now, principal
    return principal
