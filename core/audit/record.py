"""Writing audit records."""

from __future__ import annotations

from typing import Any

from core.access.principal import Principal
from core.audit.models import AuditRecord


def record(*, actor: Principal, action: str, subject: str, reason: str = "", **data: Any) -> None:
    """Record an act in the caller's transaction: it commits or rolls back with its effect."""
    AuditRecord.objects.create(
        actor=actor.name, action=action, subject=subject, reason=reason, data=data
    )
