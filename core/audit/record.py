"""Writing audit records."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction

from core.access.address import address_of
from core.access.principal import Principal
from core.audit.log_file import write_line
from core.audit.models import AuditRecord, Kind, Outcome
from core.audit.source import current_source


def record(
    *,
    actor: Principal,
    action: str,
    subject: str,
    reason: str = "",
    security: Outcome | None = None,
    **data: Any,
) -> None:
    """Record an act in the caller's transaction: it commits or rolls back with its effect.

    `security` makes it a record of the security log, and says whether the act was allowed. Such a
    record is also a line of the log file, once it is committed.
    """
    source = current_source()
    row = AuditRecord.objects.create(
        kind=Kind.ACT if security is None else Kind.SECURITY,
        actor=actor.name,
        actor_id=actor.id,
        address=address_of(source.request) if source else "",
        action=action,
        subject=subject,
        outcome=security or Outcome.DONE,
        reason=reason,
        data=data,
    )
    if security is None:
        return
    if source and security == Outcome.REFUSED:
        source.is_refusal_recorded = True
    transaction.on_commit(partial(write_line, row))
