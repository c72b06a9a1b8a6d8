"""Making and recognising API keys."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from omniretail.access.models import ApiClient, ApiKey
from omniretail.access.principal import Principal

PREFIX = "omni_"


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
    """Return who a key belongs to, or None when it is unknown, expired or revoked."""
    now = timezone.now()
    client = (
        ApiClient.objects.filter(
            Q(keys__expires_at__isnull=True) | Q(keys__expires_at__gt=now),
            keys__digest=digest(key),
            keys__revoked_at__isnull=True,
        )
        .only("name", "scopes", "channels", "locations")
        .first()
    )
    return client.principal() if client else None
