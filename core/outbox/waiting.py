"""Events that wait for a sequence number, for `/metrics`."""

from __future__ import annotations

from core.metrics.figures import Figures

# Answered by the index on ids: the relay stores the last numbered one.
FIGURES = Figures(
    """SELECT count(*) AS events_waiting,
              coalesce(extract(epoch FROM clock_timestamp() - min(time)), 0)::float8
                  AS events_oldest_seconds
       FROM outbox_event WHERE id > (SELECT coalesce(max(last_id), 0) FROM outbox_relay)""",
    {
        "events_waiting": "Events without a sequence number",
        "events_oldest_seconds": "Age of the oldest of them",
    },
)
