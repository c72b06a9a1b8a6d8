"""Buildings with a few units, and a channel that sells from all of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories import ChannelFactory, LocationFactory, SkuFactory, stock_up


@pytest.fixture
def world() -> dict[str, Any]:
    """Two warehouses and a shop; A1 in both warehouses, B1 in the second only."""
    near = LocationFactory(code="W1")
    far = LocationFactory(code="W2", latitude=55.9, longitude=-3.2)
    shop = LocationFactory(code="S1", store=True, ships=False)
    ChannelFactory(code="web")
    a, b = SkuFactory(code="A1"), SkuFactory(code="B1")
    stock_up(a, near, 5)
    stock_up(a, far, 5)
    stock_up(b, far, 3)
    stock_up(a, shop, 2)
    return {"W1": near, "W2": far, "S1": shop, "A1": a, "B1": b}
