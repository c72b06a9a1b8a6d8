"""Reading the feed: events by sequence number."""

from __future__ import annotations

from collections.abc import Sequence

from core.outbox.models import Event

# Run by run, each limited to the page: a run has thousands of events.
_READ = """
SELECT e.*, r.first_sequence + e.id - r.first_id AS sequence
FROM outbox_run r CROSS JOIN LATERAL (
    SELECT * FROM outbox_event
    WHERE id >= greatest(r.first_id, r.first_id + %(after)s + 1 - r.first_sequence)
      AND id < r.first_id + r.length
      AND (%(all)s OR type = ANY(%(exact)s::text[]) OR type LIKE ANY(%(families)s::text[]))
    ORDER BY id LIMIT %(limit)s
) e
WHERE r.first_sequence >= coalesce(
    (SELECT max(first_sequence) FROM outbox_run WHERE first_sequence <= %(after)s + 1), 0)
ORDER BY r.first_sequence, e.id LIMIT %(limit)s
"""


def read_feed(*, after: int, types: Sequence[str] = (), limit: int = 100) -> list[Event]:
    """Return events with `sequence > after`, in order; `types` may end in `.*`."""
    families = [name[:-1].replace("_", r"\_") + "%" for name in types if name.endswith(".*")]
    return list(
        Event.objects.raw(
            _READ,
            {
                "after": after,
                "all": not types,
                "exact": [name for name in types if not name.endswith(".*")],
                "families": families,
                "limit": limit,
            },
        )
    )
