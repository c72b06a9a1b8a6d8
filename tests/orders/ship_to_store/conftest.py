"""A shop that lacks what a warehouse has."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories import ChannelFactory, LocationFactory, SkuFactory, stock_up
from tests.orders.ship_to_store.ship_to_store_helpers import DAYS


@pytest.fixture(autouse=True)
def world() -> dict[str, Any]:
    """A shop with nothing; a near warehouse with five of A1, a far one with five of A1 and B1."""
    hours = {day: [["09:00", "18:00"]] for day in DAYS}
    LocationFactory(code="S1", store=True, ships=False, hours=hours)
    near = LocationFactory(code="W1", pickup=False, latitude=51.8, hours=hours)
    far = LocationFactory(code="W2", pickup=False, latitude=55.9, hours=hours)
    ChannelFactory(code="web")
    a, b = SkuFactory(code="A1"), SkuFactory(code="B1")
    stock_up(a, near, 5)
    stock_up(a, far, 5)
    stock_up(b, far, 5)
    return {"A1": a, "B1": b}
