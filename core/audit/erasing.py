"""What the erasure of a person changes in the audit trail: the one place that changes it."""

from __future__ import annotations

from typing import Any

import msgspec

from core.database.statements import run


def rewrite_records(changes: list[tuple[int, dict[str, Any]]]) -> None:
    """Write the new `reason` or `data` of audit records, by id."""
    run(
        """UPDATE audit_auditrecord r
           SET reason = coalesce(c.reason, r.reason), data = coalesce(c.data::jsonb, r.data)
           FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS c(id, reason, data)
           WHERE r.id = c.id""",
        [
            [key for key, _ in changes],
            [new.get("reason") for _, new in changes],
            [_text(new["data"]) if "data" in new else None for _, new in changes],
        ],
    )


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()
