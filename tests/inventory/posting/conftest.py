"""A shelf whose laws hold at the end of every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.builders import make_channel, make_location, make_sku, stock_up
from tests.inventory.laws import assert_pool_laws
from tests.inventory.posting.shelf import Shelf


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    sku, here, there = make_sku("A1"), make_location("W1"), make_location("W2")
    stock_up(sku, here, 10)
    yield Shelf(sku.pk, here.pk, there.pk, make_channel("web"))
    assert_pool_laws()
