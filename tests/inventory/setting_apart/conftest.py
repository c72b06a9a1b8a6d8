"""Stock to set apart."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.factories import ChannelFactory, LocationFactory, SkuFactory, stock_up
from tests.inventory.laws import assert_pool_laws


@pytest.fixture
def world(db: None) -> Iterator[None]:
    """Ten of A1 in W1."""
    ChannelFactory(code="web")
    stock_up(SkuFactory(code="A1"), LocationFactory(code="W1"), 10)
    yield
    assert_pool_laws()
