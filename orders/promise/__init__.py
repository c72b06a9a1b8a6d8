"""Promised times: ready by, delivered by. Pure; all results are instants in UTC."""

from __future__ import annotations

from .delivery import deliver_by, same_day
from .pickup import extended_until, ready_by, ready_by_from, waits_until

__all__ = [
    "deliver_by",
    "extended_until",
    "ready_by",
    "ready_by_from",
    "same_day",
    "waits_until",
]
