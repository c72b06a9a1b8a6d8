"""What a channel asks for when it places an order: plain values, checked by the API."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from orders.sourcing import Policy


@dataclass(frozen=True, slots=True)
class CustomerRequest:
    """Who orders: known by the shop's id, else by e-mail."""

    external_id: str | None = None
    email: str = ""
    name: str = ""
    phone: str = ""

    @property
    def is_known(self) -> bool:
        return bool(self.external_id or self.email)


@dataclass(frozen=True, slots=True)
class LineRequest:
    """One line: units of a SKU, at a price in the order's currency, handed over in one way."""

    line_id: str
    sku: str
    quantity: int
    unit_price: Decimal
    type: str
    location: str | None = None  # a code; pickup and carry_out
    product_reference: str = ""


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """An order as the channel sent it. Codes are not yet looked up."""

    channel: str
    external_id: str
    currency: str
    lines: tuple[LineRequest, ...]
    customer: CustomerRequest | None = None
    ship_to: dict[str, Any] | None = None
    reservation_id: str | None = None
    payment_reference: str = ""
    note: str = ""
    policy: Policy = field(default_factory=Policy)
    exchange_of: str | None = None
    # When goods were carried out. Left out of the fingerprint where it is not given.
    occurred_at: datetime | msgspec.UnsetType = msgspec.UNSET

    def fingerprint(self) -> bytes:
        """Return a digest of the whole demand: the same order sent twice has the same one."""
        return hashlib.sha256(msgspec.json.encode(self, order="sorted")).digest()
