"""What a client or a member of staff may do, in the words of the API contract."""

from __future__ import annotations

from collections.abc import Collection

SCOPES: dict[str, str] = {
    "catalogue:read": "Read SKUs, locations, channels and keep rules, resolve scans",
    "catalogue:write": "Create and change SKUs, bins and keep rules",
    "network:write": "Create and change locations and channels",
    "availability:read": "Read what can be sold, and when it would be there",
    "reservations:write": "Hold units for carts, and read, extend and release these holds",
    "stock:read": "Read stock and the ledger",
    "stock:write": "Receive, adjust, count and transfer stock",
    "orders:read": "Read orders, fulfilments, returns and events",
    "orders:write": "Place and cancel orders",
    "fulfilment:write": "Pick, pack, ship and hand over",
    "pickup:pass": "Read the codes that release pickups, to show them to customers",
    "pickup:identity": "Hand over to a customer who shows an identity document",
    "returns:write": "Announce and receive returns",
    "returns:override": "Accept returns outside of the policy",
    "webhooks:manage": "Manage webhook subscriptions",
    "customers:read": "Read customers' names, addresses and contacts",
    "customers:privacy": "Export and erase customer data",
    "metrics:read": "Read the figures of /metrics",
    "*": "Everything but pickup:pass",
}
PASS, HANDS_OVER, EVERYTHING = "pickup:pass", "fulfilment:write", "*"
IDENTITY = "pickup:identity"
READS_CUSTOMERS = "customers:read"  # without it personal data is masked

# What the keys of each kind of system need.
SETS: dict[str, tuple[str, ...]] = {
    "web-shop": (
        "availability:read", "catalogue:read", "customers:read", "orders:read", "orders:write",
        "pickup:pass", "reservations:write", "returns:write",
    ),
    "till": (
        "availability:read", "catalogue:read", "orders:read", "orders:write", "fulfilment:write",
        "pickup:identity", "returns:write", "stock:read",
    ),
    "warehouse": (
        "catalogue:read", "fulfilment:write", "orders:read", "stock:read", "stock:write",
    ),
    "marketplace": (
        "availability:read", "catalogue:read", "orders:read", "orders:write", "reservations:write",
    ),
    "help-desk": (
        "availability:read", "catalogue:read", "customers:read", "orders:read", "orders:write",
        "returns:write", "stock:read",
    ),
}  # fmt: skip


def includes(scopes: Collection[str], scope: str) -> bool:
    """Say whether these scopes let a principal do what asks for `scope`.

    Who hands goods over never reads the code that releases them: a principal that has both scopes
    may not.
    """
    if scope == PASS:
        return PASS in scopes and not clash(scopes)
    return EVERYTHING in scopes or scope in scopes


def clash(scopes: Collection[str]) -> bool:
    """Say whether these scopes would read codes and hand over as well."""
    return PASS in scopes and (EVERYTHING in scopes or HANDS_OVER in scopes)


# What each kind of work needs; staff roles are these sets and nothing else.
ROLES: dict[str, tuple[str, frozenset[str]]] = {
    "associate": (
        "Store associate",
        frozenset(
            {
                "availability:read",
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
            {
                "availability:read",
                "catalogue:read",
                "stock:read",
                "stock:write",
                "orders:read",
                "fulfilment:write",
            }
        ),
    ),
    "agent": (
        "Call-centre agent",
        frozenset(
            {
                "availability:read",
                "catalogue:read",
                "stock:read",
                "customers:read",
                "orders:read",
                "orders:write",
                "returns:write",
            }
        ),
    ),
    "manager": ("Manager", frozenset({"*"})),
}
