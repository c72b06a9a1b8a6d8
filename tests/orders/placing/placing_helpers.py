"""Orders as a channel sends them, and what they leave in the pool."""

from __future__ import annotations

from typing import Any

from inventory.models import Sku, Stock
from stores.models import Location
from tests.factories import OrderBody, OrderLineBody


def order_of(*lines: tuple[str, int], external_id: str = "W-1", **more: Any) -> dict[str, Any]:
    """An order to London with lines of (SKU, units); `more` overrides fields."""
    return (
        OrderBody(
            external_id=external_id,
            customer={"name": "Ada", "email": "ada@example.org"},
            ship_to={"postal_code": "SW1A 1AA", "country": "GB"},
            lines=[
                OrderLineBody(
                    line_id=str(position),
                    sku=sku,
                    quantity=units,
                    unit_price="19.99",
                    fulfilment={"type": "ship"},
                )
                for position, (sku, units) in enumerate(lines, start=1)
            ],
        )
        | more
    )


def at(line: dict[str, Any], type_: str, location: str) -> dict[str, Any]:
    return line | {"fulfilment": {"type": type_, "location": location}}


def row(sku: Sku, location: Location) -> tuple[int, int, int]:
    stock = Stock.objects.get(sku=sku, location=location)
    return stock.on_hand, stock.reserved, stock.unavailable
