"""A stocked SKU whose laws hold at the end of every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.factories import ChannelFactory, LocationFactory, SkuFactory, stock_up
from tests.inventory.laws import assert_pool_laws
from tests.inventory.posting.ledger_helpers import StockedSku


@pytest.fixture
def stocked() -> Iterator[StockedSku]:
    sku, here, there = SkuFactory(code="A1"), LocationFactory(code="W1"), LocationFactory(code="W2")
    stock_up(sku, here, 10)
    yield StockedSku(sku.pk, here.pk, there.pk, ChannelFactory(code="web"))
    assert_pool_laws()
