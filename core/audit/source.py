"""The request that is being answered, as the security log needs it."""

from __future__ import annotations

from collections import Counter
from contextvars import ContextVar
from dataclasses import dataclass, field

from django.http import HttpRequest


@dataclass(slots=True)
class Source:
    """A request, and what is known of it when it has been answered."""

    request: HttpRequest
    # Personal data that is released to whom it answers: what kind, and how many.
    released: Counter[str] = field(default_factory=Counter)
    is_refusal_recorded: bool = False


SOURCE: ContextVar[Source | None] = ContextVar("source", default=None)


def current_source() -> Source | None:
    """Return the request that is being answered; None in commands and tasks."""
    return SOURCE.get()


def release(kind: str, count: int = 1) -> None:
    """Note that unmasked personal data leaves: `release("orders", 20)`. When the request has been
    answered, one record says who read it. The data itself is not given here."""
    source = SOURCE.get()
    if source is not None and count:
        source.released[kind] += count
