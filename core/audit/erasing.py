"""Erasing a person from audit records: the one way in which they change."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from core.access.principal import Principal
from core.audit.models import AuditRecord


def erase_from_records(
    records: QuerySet[AuditRecord],
    *,
    clean_reason: Callable[[str], str],
    clean_data: Callable[[Any], Any],
    actor: Principal,
    subject: str,
) -> int:
    """Rewrite reason and data of records, in the caller's transaction; return how many changed.

    They are locked: another erasure that cleans the same one would write back what this one has
    removed. The database notes the erasure, about `subject`, in a record of its own.
    """
    ids = list(records.values_list("pk", flat=True))
    changes = []
    for row in AuditRecord.objects.raw("SELECT * FROM audit_locked(%s)", [ids]):
        reason, data = clean_reason(row.reason), clean_data(row.data)
        if (reason, data) != (row.reason, row.data):
            changes.append({"id": row.pk, "reason": reason, "data": data})
    if changes:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT audit_erase(%s::jsonb, %s, %s)", [json.dumps(changes), actor.name, subject]
            )
    return len(changes)
