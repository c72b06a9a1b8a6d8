"""How a client speaks to each side: the same order, in the words of its API."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any

Line = tuple[str, int]  # SKU, quantity
Request = tuple[str, dict[str, str], bytes]  # path, headers, body
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class OurEndpoint:
    """POST /api/v1/orders as a shop sends it: authenticated, idempotent, with an outside id."""

    name: str
    port: int
    key: str
    channel: str = "web"

    def request(self, email: str, lines: list[Line]) -> Request:
        body: dict[str, Any] = {
            "channel": self.channel,
            "external_id": uuid.uuid4().hex,
            "currency": "GBP",
            "customer": {"email": email, "name": "Ada Buyer"},
            "ship_to": {
                "name": "Ada Buyer", "line1": "1 Road", "city": "London",
                "postal_code": "SW1A 1AA", "country": "GB",
            },
            "lines": [
                {"line_id": str(n), "sku": sku, "quantity": quantity, "unit_price": "9.99"}
                for n, (sku, quantity) in enumerate(lines, start=1)
            ],
        }  # fmt: skip
        headers = JSON | {
            "Authorization": f"Bearer {self.key}",
            "Idempotency-Key": uuid.uuid4().hex,
        }
        return "/api/v1/orders", headers, json.dumps(body).encode()


@dataclass(frozen=True)
class PeerEndpoint:
    """The one view of a peer: no authentication, no idempotency."""

    name: str
    port: int
    path: str

    def request(self, email: str, lines: list[Line]) -> Request:
        body: dict[str, Any] = {
            "email": email,
            "ship_to": {
                "first_name": "Ada", "last_name": "Buyer", "line1": "1 Road", "city": "London",
                "postal_code": "SW1A 1AA", "country": "GB",
            },
            "lines": [{"sku": sku, "quantity": quantity} for sku, quantity in lines],
        }  # fmt: skip
        return self.path, JSON, json.dumps(body).encode()


Endpoint = OurEndpoint | PeerEndpoint
