"""Orders and what follows from them: looked at, never edited."""

from orders.admin import customers, fulfilments, orders, picking, returns

__all__ = ["customers", "fulfilments", "orders", "picking", "returns"]
