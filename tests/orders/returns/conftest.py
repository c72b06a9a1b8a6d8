"""A shop that takes goods back."""

from __future__ import annotations

import pytest

from tests.factories import ChannelFactory, LocationFactory, SkuFactory, stock_up


@pytest.fixture
def shop() -> None:
    """A shop that sells, another that never stocked anything, and three articles."""
    home = LocationFactory(code="S1", store=True)
    LocationFactory(code="S2", store=True, priority=200)
    for code in ("pos", "web", "market"):
        ChannelFactory(code=code)
    for code in ("A1", "B1", "C1"):
        stock_up(SkuFactory(code=code), home, 20)
