"""The catalogue, which people edit, and the stock pool, which they look at."""

from inventory.admin import catalogue, pool, shelf, transfers

__all__ = ["catalogue", "pool", "shelf", "transfers"]
