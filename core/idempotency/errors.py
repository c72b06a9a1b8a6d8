"""Refusals about Idempotency-Keys."""

from __future__ import annotations

from core.problems.catalogue import DomainError


class KeyRequired(DomainError):
    """This request moves stock or money and needs an Idempotency-Key header.

    Make a new key (a UUID will do) for each act, and repeat it with each repetition.
    """

    code = "idempotency_key_required"
    status = 400
    title = "Idempotency-Key required"


class KeyMalformed(DomainError):
    """An Idempotency-Key is 1 to 255 printable ASCII characters without spaces."""

    code = "idempotency_key_malformed"
    status = 400
    title = "Idempotency-Key malformed"


class KeyMismatch(DomainError):
    """This Idempotency-Key was used with another body. A new act needs a new key."""

    code = "idempotency_mismatch"
    status = 422
    title = "Idempotency-Key used otherwise"


class KeyInProgress(DomainError):
    """A request with this Idempotency-Key is still running. Repeat it after `Retry-After`."""

    code = "idempotency_in_progress"
    status = 409
    title = "Still running"
    headers = {"Retry-After": "1"}
