"""What the erasure of a person changes in events: the one place that changes them."""

from __future__ import annotations

from typing import Any

import msgspec

from core.database.statements import run


def rewrite_events(changes: list[tuple[int, dict[str, Any]]]) -> None:
    """Write the new `data` of events, by id."""
    run(
        """UPDATE outbox_event e SET data = c.data::json
           FROM unnest(%s::bigint[], %s::text[]) AS c(id, data) WHERE e.id = c.id""",
        [
            [key for key, _ in changes],
            [msgspec.json.encode(new["data"]).decode() for _, new in changes],
        ],
    )
