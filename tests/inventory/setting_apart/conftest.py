"""A shelf with units to set apart."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.builders import make_channel, make_location, make_sku, stock_up
from tests.inventory.laws import assert_pool_laws


@pytest.fixture
def world(db: None) -> Iterator[None]:
    """Ten of A1 in W1."""
    make_channel("web")
    stock_up(make_sku("A1"), make_location("W1"), 10)
    yield
    assert_pool_laws()
