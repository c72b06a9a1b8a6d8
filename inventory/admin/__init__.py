"""Admin pages: catalogue and keep rules are edited, the stock pool and its work are read-only."""

from inventory.admin import (
    catalogue,
    counts,
    deliveries,
    drift,
    keep_rules,
    labels,
    placements,
    pool,
    transfers,
)

__all__ = [
    "catalogue",
    "counts",
    "deliveries",
    "drift",
    "keep_rules",
    "labels",
    "placements",
    "pool",
    "transfers",
]
