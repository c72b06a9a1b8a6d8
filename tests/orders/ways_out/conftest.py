"""A shop and a warehouse with goods, over HTTP."""

from __future__ import annotations

import pytest

from tests.factories import ChannelFactory, LocationFactory, SkuFactory, stock_up


@pytest.fixture(autouse=True)
def world() -> None:
    """Five of A1 and of B1 in a shop that also ships, and in a warehouse farther away."""
    shop = LocationFactory(code="S1", store=True, priority=1)
    house = LocationFactory(code="W1", pickup=False, latitude=52.5, priority=2)
    LocationFactory(code="S2", store=True, ships=False, latitude=51.6)
    ChannelFactory(code="web")
    for code in ("A1", "B1"):
        sku = SkuFactory(code=code)
        stock_up(sku, shop, 5)
        stock_up(sku, house, 5)
