"""Orders and what follows from them, looked at; what is kept from orders, edited."""

from orders.admin import (
    counts,
    customers,
    deliveries,
    fulfilments,
    keeping,
    orders,
    picking,
    reconciliation,
    returns,
    transfers,
)

__all__ = [
    "counts",
    "customers",
    "deliveries",
    "fulfilments",
    "keeping",
    "orders",
    "picking",
    "reconciliation",
    "returns",
    "transfers",
]
