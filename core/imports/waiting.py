"""Files that wait for the worker, for `/metrics`."""

from __future__ import annotations

from core.metrics.figures import Figures

FIGURES = Figures(
    """SELECT count(*) AS imports_waiting,
              coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::float8
                  AS imports_oldest_seconds
       FROM imports_import WHERE state IN ('queued', 'running')""",
    {
        "imports_waiting": "Files that are queued or being applied",
        "imports_oldest_seconds": "Since the oldest of them came",
    },
)
