"""A warehouse that expects deliveries."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from inventory.models import Sku
from tests.conftest import ApiCaller
from tests.factories import BarcodeFactory, ChannelFactory, LocationFactory, SkuFactory
from tests.inventory.deliveries.delivery_helpers import GTIN
from tests.inventory.laws import assert_pool_laws


@pytest.fixture(autouse=True)
def world(api: ApiCaller) -> Iterator[None]:
    """Three SKUs without stock; A2 carries a GTIN."""
    LocationFactory(code="W1")
    LocationFactory(code="S1", store=True)
    ChannelFactory(code="web")
    for code in ("A1", "A2", "A3"):
        SkuFactory(code=code)
    BarcodeFactory(sku=Sku.objects.get(code="A2"), code=f"0{GTIN}")
    yield
    assert_pool_laws()
    assert api.get("integrity").json()["violations"] == []
