"""A warehouse that expects deliveries."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from inventory.models import Barcode, Sku
from tests.builders import make_channel, make_location, make_sku
from tests.conftest import ApiCaller
from tests.inventory.deliveries.dock import GTIN
from tests.inventory.laws import assert_pool_laws


@pytest.fixture(autouse=True)
def world(api: ApiCaller) -> Iterator[None]:
    """Three SKUs that nobody has yet; A2 carries a GTIN."""
    make_location("W1")
    make_location("S1", kind="store")
    make_channel("web")
    for code in ("A1", "A2", "A3"):
        make_sku(code)
    Barcode.objects.create(sku=Sku.objects.get(code="A2"), code=f"0{GTIN}")
    yield
    assert_pool_laws()
    assert api.get("integrity").json()["violations"] == []
