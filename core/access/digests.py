"""Digests of what can be guessed, keyed with the installation's secret.

A plain digest of six digits, or of a body that holds them, is undone in seconds by trying all. A
keyed one tells nothing to those who have a dump of the database and not the secret.
"""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache

from django.conf import settings
from django.utils.crypto import constant_time_compare

_BLOCK = 64  # bytes that SHA-256 works on at once


def keyed_digest(purpose: str, content: bytes) -> bytes:
    """Return 32 bytes: HMAC-SHA-256 of the content, as Django's `salted_hmac` makes it, under a
    key of this purpose alone."""
    return hmac.digest(_key(purpose, settings.SECRET_KEY), content, "sha256")


def keyed_digests(purpose: str, content: bytes) -> list[bytes]:
    """Return the digest, then those under the secrets that this one took over from."""
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return [hmac.digest(_key(purpose, secret), content, "sha256") for secret in secrets]


def is_keyed_digest(given: bytes, purpose: str, content: bytes) -> bool:
    """Say whether this is the digest of the content, under the secret of today or one before."""
    return any([constant_time_compare(given, each) for each in keyed_digests(purpose, content)])


def pads(purpose: str) -> tuple[bytes, bytes]:
    """Return the inner and the outer pad of the key, with which SQL computes `keyed_digest`:
    sha256(outer || sha256(inner || content))."""
    key = _key(purpose, settings.SECRET_KEY).ljust(_BLOCK, b"\0")
    return bytes(each ^ 0x36 for each in key), bytes(each ^ 0x5C for each in key)


@lru_cache(maxsize=64)
def _key(purpose: str, secret: str) -> bytes:
    return hashlib.sha256(f"{purpose}{secret}".encode()).digest()
