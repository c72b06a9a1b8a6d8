"""Bins to walk along."""

from __future__ import annotations

import pytest

from inventory.models import Sku
from tests.factories import BarcodeFactory, ChannelFactory, LocationFactory, SkuFactory, stock_up
from tests.orders.picking.picking_helpers import GTINS, put_in_bin


@pytest.fixture(autouse=True)
def world() -> None:
    """Ten of A1, B1, C1 in W1, the walk being B1, A1 (also further on), C1 (in no bin)."""
    warehouse, other = (
        LocationFactory(code="W1", priority=1),
        LocationFactory(code="W2", priority=2),
    )
    ChannelFactory(code="web")
    for code, barcode in GTINS.items():
        sku = SkuFactory(code=code)
        BarcodeFactory(sku=sku, code=barcode)
        stock_up(sku, warehouse, 10)
        stock_up(sku, other, 10)
    put_in_bin(Sku.objects.get(code="A1"), warehouse, "Z-9", walk=9)
    put_in_bin(Sku.objects.get(code="A1"), warehouse, "M-5", walk=5)
    put_in_bin(Sku.objects.get(code="A1"), other, "A-0", walk=0)
    put_in_bin(Sku.objects.get(code="B1"), warehouse, "A-1", walk=1)
