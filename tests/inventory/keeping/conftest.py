"""Shops and warehouses with shirts to keep."""

from __future__ import annotations

import pytest

from tests.builders import make_channel, make_location, make_sku, stock_up


@pytest.fixture(autouse=True)
def world() -> None:
    """Ten shirts of class A and ten mugs of class C, in a shop and in a warehouse."""
    shop, warehouse = make_location("S1", kind="store", priority=1), make_location("W1")
    for channel in ("web", "pos", "market"):
        make_channel(channel)
    for code, category, abc_class in [("A1", "Shirts", "A"), ("C1", "Mugs", "C")]:
        sku = make_sku(code, category=category, abc_class=abc_class)
        for building in (shop, warehouse):
            stock_up(sku, building, 10)
