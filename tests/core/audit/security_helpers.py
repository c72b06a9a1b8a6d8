"""Reading the security log as an administrator would."""

from __future__ import annotations

from typing import Any

from core.audit.models import AuditRecord, SecurityRecord


def security_records() -> list[AuditRecord]:
    return list(SecurityRecord.objects.filter(kind="security").order_by("id"))


def the_record(**wanted: Any) -> AuditRecord:
    """Return the one record there is, which says all that is wanted."""
    (row,) = security_records()
    assert {name: getattr(row, name) for name in wanted} == wanted
    return row
