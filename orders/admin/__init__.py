"""Orders, fulfilments, pick lists and returns in the admin, read-only."""

from orders.admin import customers, fulfilments, orders, picking, reconciliation, returns

__all__ = ["customers", "fulfilments", "orders", "picking", "reconciliation", "returns"]
