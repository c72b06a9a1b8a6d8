"""Orders and what follows from them: looked at, never edited."""

from orders.admin import customers, deliveries, fulfilments, orders, picking, returns

__all__ = ["customers", "deliveries", "fulfilments", "orders", "picking", "returns"]
