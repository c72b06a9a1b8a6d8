"""Two buildings, and goods to move between them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.factories import ChannelFactory, LocationFactory, SkuFactory, stock_up
from tests.inventory.laws import assert_pool_laws


@pytest.fixture(autouse=True)
def world() -> Iterator[None]:
    """Ten of A1 and five of A2 in W1, nothing in S1."""
    w1 = LocationFactory(code="W1")
    LocationFactory(code="S1")
    stock_up(SkuFactory(code="A1"), w1, 10)
    stock_up(SkuFactory(code="A2"), w1, 5)
    ChannelFactory(code="web")
    yield
    assert_pool_laws()
