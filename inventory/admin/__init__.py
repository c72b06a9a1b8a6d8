"""The catalogue and what is kept from sale, edited; the stock pool and its work, looked at."""

from inventory.admin import (
    catalogue,
    counts,
    deliveries,
    drift,
    keep_rules,
    pool,
    shelf,
    transfers,
)

__all__ = [
    "catalogue",
    "counts",
    "deliveries",
    "drift",
    "keep_rules",
    "pool",
    "shelf",
    "transfers",
]
