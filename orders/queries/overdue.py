"""Overdue pickups, unfinished erasures and the age of the nightly check, for `/metrics`: they show
whether the sweeps run."""

from __future__ import annotations

from core.metrics.figures import Figures

FIGURES = Figures(
    """SELECT late.*, erased.*, coalesce(newest.age, -1) AS check_age_seconds,
              coalesce(newest.violation_count, 0) AS check_violations
       FROM (SELECT count(*) AS pickups_overdue,
                    coalesce(extract(epoch FROM clock_timestamp() - min(pickup_expires_at)), 0)
                        ::float8 AS pickups_overdue_oldest_seconds
             FROM orders_fulfilment
             WHERE state = 'ready' AND pickup_expires_at <= statement_timestamp()) AS late
       CROSS JOIN (SELECT count(*) AS erasures_unfinished,
                          coalesce(extract(epoch FROM clock_timestamp() - min(made_at)), 0)
                              ::float8 AS erasures_unfinished_oldest_seconds
                   FROM orders_erasure) AS erased
       LEFT JOIN (SELECT extract(epoch FROM clock_timestamp() - started_at)::float8 AS age,
                         violation_count
                  FROM orders_reconciliation ORDER BY started_at DESC LIMIT 1) AS newest ON true""",
    {
        "pickups_overdue": "Pickups that were not collected in time, which no sweep has ended",
        "pickups_overdue_oldest_seconds": "For how long the oldest of them has been over",
        "erasures_unfinished": "Erasures beside which an act may still have written a copy",
        "erasures_unfinished_oldest_seconds": "For how long the oldest of them has waited",
        "check_age_seconds": "Since the last nightly check began; -1 before the first",
        "check_violations": "What it found",
    },
)
