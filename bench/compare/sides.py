"""The sides of the comparison: their endpoints, what CPU they use, what their databases say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import psycopg
from endpoints import Endpoint
from environment import Cpu

OUR_STOCK = """
    SELECT sum(on_hand), sum(reserved),
           (SELECT coalesce(sum(l.ordered), 0) FROM orders_orderline l WHERE l.sku_id = k.id)
    FROM inventory_stock s JOIN inventory_sku k ON k.id = s.sku_id
    WHERE k.code = %s GROUP BY k.id"""
SETTINGS = ("server_version", "fsync", "synchronous_commit", "full_page_writes", "shared_buffers")


@dataclass(frozen=True)
class Side:
    endpoint: Endpoint
    cpu: Callable[[], Cpu]
    address: str  # of its database
    stock: str  # SQL: units of a SKU on hand, promised, and in orders
    one_in: int = 1  # of the orders that the others take

    @property
    def name(self) -> str:
        return self.endpoint.name

    def stock_of(self, sku: str) -> dict[str, int]:
        with psycopg.connect(self.address) as connection:
            row = connection.execute(self.stock, [sku]).fetchone()
        assert row is not None, sku
        return dict(zip(("on_hand", "promised", "ordered"), map(int, row), strict=True))

    def settings(self) -> dict[str, str]:
        """Return the settings that make a comparison fair or not."""
        with psycopg.connect(self.address) as connection:
            rows = {name: connection.execute(f"SHOW {name}").fetchone() for name in SETTINGS}
        return {name: str(row[0]) for name, row in rows.items() if row}
