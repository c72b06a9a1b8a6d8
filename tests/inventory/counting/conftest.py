"""Shelves and bins to count, and a second person."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from inventory.models import Placement, Sku
from stores.models import Bin
from tests.builders import make_channel, make_location, make_sku
from tests.conftest import ApiCaller, make_caller
from tests.inventory.counting.session import moved
from tests.inventory.laws import assert_pool_laws


@pytest.fixture(autouse=True)
def world() -> Iterator[None]:
    """Ten of A1 in bins L and R of W1, and five of B1 in bin L, since an hour before noon."""
    make_channel("web")
    home = make_location("W1")
    make_location("W2")
    for code, walk in (("L", 1), ("R", 2), ("X", 3)):
        Bin.objects.create(location=home, code=code, walk=walk)
    for sku, units, bins in (("A1", 10, "LR"), ("B1", 5, "L"), ("C1", 7, "")):
        make_sku(sku)
        moved(units, sku=sku, hours=-1)
        for shelf in bins:
            Placement.objects.create(
                sku=Sku.objects.get(code=sku), bin=Bin.objects.get(location=home, code=shelf)
            )
    yield
    assert_pool_laws()


@pytest.fixture
def other() -> ApiCaller:
    """Another person."""
    return make_caller(["stock:read", "stock:write"])
