"""A shelf to be counted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.factories import ChannelFactory, LocationFactory, SkuFactory
from tests.inventory.counts.count_helpers import moved
from tests.inventory.laws import assert_pool_laws


@pytest.fixture(autouse=True)
def world() -> Iterator[None]:
    """Ten of A1 in W1, since an hour before noon."""
    ChannelFactory(code="web")
    SkuFactory(code="A1")
    LocationFactory(code="W1")
    moved(10, hours=-1)
    yield
    assert_pool_laws()
