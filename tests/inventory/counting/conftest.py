"""Shelves and bins to count, and a second person."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from inventory.models import Sku
from stores.models import Bin
from tests.conftest import ApiCaller, make_caller
from tests.factories import (
    BinFactory,
    ChannelFactory,
    LocationFactory,
    PlacementFactory,
    SkuFactory,
)
from tests.inventory.counting.counting_helpers import moved
from tests.inventory.laws import assert_pool_laws


@pytest.fixture(autouse=True)
def world() -> Iterator[None]:
    """Ten of A1 in bins L and R of W1, and five of B1 in bin L, since an hour before noon."""
    ChannelFactory(code="web")
    home = LocationFactory(code="W1")
    LocationFactory(code="W2")
    for code, walk in (("L", 1), ("R", 2), ("X", 3)):
        BinFactory(location=home, code=code, walk=walk)
    for sku, units, bins in (("A1", 10, "LR"), ("B1", 5, "L"), ("C1", 7, "")):
        SkuFactory(code=sku)
        moved(units, sku=sku, hours=-1)
        for shelf in bins:
            PlacementFactory(
                sku=Sku.objects.get(code=sku), bin=Bin.objects.get(location=home, code=shelf)
            )
    yield
    assert_pool_laws()


@pytest.fixture
def other() -> ApiCaller:
    """Another person."""
    return make_caller(["stock:read", "stock:write"])
