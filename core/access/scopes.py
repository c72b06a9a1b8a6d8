"""What a client or a member of staff may do, in the words of the API contract."""

from __future__ import annotations

SCOPES: dict[str, str] = {
    "catalogue:read": "Read SKUs, locations, channels and keep rules, resolve scans",
    "catalogue:write": "Create and change SKUs, locations, channels and keep rules",
    "stock:read": "Read availability, stock and the ledger",
    "stock:write": "Receive, adjust, count, transfer and reserve stock",
    "orders:read": "Read orders, fulfilments, returns and events",
    "orders:write": "Place and cancel orders",
    "fulfilment:write": "Pick, pack, ship and hand over",
    "pickup:identity": "Hand over to a customer who shows an identity document",
    "returns:write": "Announce and receive returns",
    "returns:override": "Accept returns outside of the policy",
    "webhooks:manage": "Manage webhook subscriptions",
    "customers:privacy": "Export and erase customer data",
    "metrics:read": "Read the figures of /metrics",
    "*": "Everything",
}

# What each kind of work needs; staff roles are these sets and nothing else.
ROLES: dict[str, tuple[str, frozenset[str]]] = {
    "associate": (
        "Store associate",
        frozenset(
            {
                "catalogue:read",
                "stock:read",
                "stock:write",
                "orders:read",
                "fulfilment:write",
                "pickup:identity",
                "returns:write",
            }
        ),
    ),
    "operative": (
        "Warehouse operative",
        frozenset(
            {"catalogue:read", "stock:read", "stock:write", "orders:read", "fulfilment:write"}
        ),
    ),
    "agent": (
        "Call-centre agent",
        frozenset({"catalogue:read", "stock:read", "orders:read", "orders:write", "returns:write"}),
    ),
    "manager": ("Manager", frozenset({"*"})),
}
