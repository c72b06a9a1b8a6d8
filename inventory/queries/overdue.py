"""Expired holds that were not ended, for `/metrics`: they show whether the sweep runs."""

from __future__ import annotations

from core.metrics.figures import Figures

FIGURES = Figures(
    """SELECT count(*) AS holds_overdue,
              coalesce(extract(epoch FROM clock_timestamp() - min(expires_at)), 0)::float8
                  AS holds_overdue_oldest_seconds
       FROM inventory_reservation
       WHERE state = 'held' AND expires_at <= statement_timestamp()""",
    {
        "holds_overdue": "Reservations of carts whose time is over, which no sweep has ended",
        "holds_overdue_oldest_seconds": "For how long the oldest of them has been over",
    },
)
