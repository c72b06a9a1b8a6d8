"""Orders and what follows from them, looked at; what is kept from orders, edited."""

from orders.admin import customers, deliveries, fulfilments, keeping, orders, picking, returns

__all__ = ["customers", "deliveries", "fulfilments", "keeping", "orders", "picking", "returns"]
