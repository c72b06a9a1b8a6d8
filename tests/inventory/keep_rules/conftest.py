"""Shops and warehouses with shirts to keep."""

from __future__ import annotations

import pytest

from tests.factories import ChannelFactory, LocationFactory, SkuFactory, stock_up


@pytest.fixture(autouse=True)
def world() -> None:
    """Ten shirts of class A and ten mugs of class C, in a shop and in a warehouse."""
    shop, warehouse = LocationFactory(code="S1", store=True, priority=1), LocationFactory(code="W1")
    for channel in ("web", "pos", "market"):
        ChannelFactory(code=channel)
    for code, category, abc_class in [("A1", "Shirts", "A"), ("C1", "Mugs", "C")]:
        sku = SkuFactory(code=code, category=category, abc_class=abc_class)
        for building in (shop, warehouse):
            stock_up(sku, building, 10)
