"""Two buildings, and goods to move between them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.builders import make_channel, make_location, make_sku, stock_up
from tests.inventory.laws import assert_pool_laws


@pytest.fixture(autouse=True)
def world() -> Iterator[None]:
    """Ten of A1 and five of A2 in W1, nothing in S1."""
    w1 = make_location("W1")
    make_location("S1")
    stock_up(make_sku("A1"), w1, 10)
    stock_up(make_sku("A2"), w1, 5)
    make_channel("web")
    yield
    assert_pool_laws()
