"""The catalogue, which people edit, and the stock pool, which they look at."""

from inventory.admin import catalogue, drift, pool, shelf

__all__ = ["catalogue", "drift", "pool", "shelf"]
