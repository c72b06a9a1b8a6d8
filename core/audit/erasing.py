"""What the erasure of a person changes in the audit trail: the one place that changes it."""

from __future__ import annotations

from typing import Any

import msgspec

from core.database.statements import run


def rewrite_records(changes: list[tuple[int, dict[str, Any]]]) -> None:
    """Write the new `reason` or `data` of audit records, by id.

    The database notes in a record of its own, `audit.erased`, which ones it changed.
    """
    run(
        "SELECT audit_erase(%s::bigint[], %s::text[], %s::text[])",
        [
            [key for key, _ in changes],
            [new.get("reason") for _, new in changes],
            [_text(new["data"]) if "data" in new else None for _, new in changes],
        ],
    )


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()
