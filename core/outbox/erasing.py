"""What the erasure of a person changes in events: the one place that changes them."""

from __future__ import annotations

from typing import Any

import msgspec

from core.database.statements import run


def rewrite_events(changes: list[tuple[int, dict[str, Any]]]) -> None:
    """Write the new `data` of events, by id.

    The database notes in the audit, as `events.erased`, which ones it changed.
    """
    run(
        "SELECT outbox_erase(%s::bigint[], %s::text[])",
        [
            [key for key, _ in changes],
            [msgspec.json.encode(new["data"]).decode() for _, new in changes],
        ],
    )
