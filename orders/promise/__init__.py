"""Promised times: ready by, delivered by. Pure; all results are instants in UTC."""

from __future__ import annotations

from .delivery import deliver_by, same_day
from .pickup import ready_by, ready_by_from

__all__ = ["deliver_by", "ready_by", "ready_by_from", "same_day"]
