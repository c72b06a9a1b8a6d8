"""Hashing passwords without letting many at once take the memory or the processors."""

from __future__ import annotations

import threading
from typing import Any

from django.contrib.auth.hashers import Argon2PasswordHasher

from core.problems.catalogue import Overloaded

AT_ONCE = 2
PATIENCE = 5.0  # seconds for a turn

_turns = threading.BoundedSemaphore(AT_ONCE)


class BoundedArgon2PasswordHasher(Argon2PasswordHasher):
    """Argon2id with the costs that OWASP recommends (19 MiB, two passes), a few at a time.

    With Django's own (100 MiB, eight lanes) thirty wrong passwords at once took 3 GB.
    """

    time_cost = 2
    memory_cost = 19 * 1024  # KiB
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        with _Turn():
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        with _Turn():
            return super().verify(password, encoded)


class _Turn:
    def __enter__(self) -> None:
        if not _turns.acquire(timeout=PATIENCE):
            raise Overloaded()

    def __exit__(self, *error: Any) -> None:
        _turns.release()
