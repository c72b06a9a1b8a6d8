"""What a channel asks for when it places an order: plain values, checked by the API."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from core.access.digests import is_keyed_digest, keyed_digest
from orders.sourcing import Policy

FINGERPRINT = "orders.order.fingerprint"


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

    def spelt(self, codes: Mapping[str, str]) -> OrderRequest:
        """Return the order with SKU codes as the catalogue spells them, where they differ."""
        lines = tuple(replace(line, sku=codes.get(line.sku, line.sku)) for line in self.lines)
        return replace(self, lines=lines)

    def fingerprint(self) -> bytes:
        """Return a keyed digest of the whole demand: the same order sent twice has the same one.

        A plain one would let an address that was erased be found by trying.
        """
        return keyed_digest(FINGERPRINT, self._digest())

    def is_of(self, fingerprint: bytes) -> bool:
        """Say whether a kept fingerprint is of the same demand."""
        return is_keyed_digest(fingerprint, FINGERPRINT, self._digest())

    def _digest(self) -> bytes:
        return hashlib.sha256(msgspec.json.encode(self, order="sorted")).digest()
