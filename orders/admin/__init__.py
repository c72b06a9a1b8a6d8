"""Orders and what follows from them, looked at."""

from orders.admin import customers, fulfilments, orders, picking, reconciliation, returns

__all__ = ["customers", "fulfilments", "orders", "picking", "reconciliation", "returns"]
