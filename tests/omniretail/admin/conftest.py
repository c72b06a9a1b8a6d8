"""A manager at the admin, and a day of business to look at."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client

from core.access.principal import SYSTEM
from core.audit.record import record
from core.outbox.models import Relay
from inventory.models import Stock
from orders.commands.reconcile import reconcile
from orders.models import Fulfilment
from tests.conftest import ApiCaller
from tests.factories import (
    BarcodeFactory,
    BinFactory,
    ChannelFactory,
    KeepRuleFactory,
    LocationFactory,
    PlacementFactory,
    ProductFactory,
    RingFenceFactory,
    SkuFactory,
    UserFactory,
    stock_up,
)
from tests.omniretail.admin.admin_helpers import come_back, count_all, done, place


@pytest.fixture
def staff() -> Client:
    """A manager at the admin."""
    client = Client()
    client.force_login(UserFactory(superuser=True))
    return client


@pytest.fixture
def day(api: ApiCaller) -> str:
    """A day of business that leaves a row in every table; the number of its order."""
    home = LocationFactory(code="W1", address={"line1": "1 Dock Road"})
    LocationFactory(code="S1", store=True)
    web = ChannelFactory(code="web")
    product = ProductFactory(code="SHIRT", name="Shirt", size_guide={"M": "50 cm"})
    sku = SkuFactory(code="A1", product=product)
    BarcodeFactory(sku=sku, code="05012345678900")
    stock_up(sku, home, 50)
    shelf = BinFactory(location=home, code="B-1", walk=1)
    PlacementFactory(sku=sku, bin=shelf)
    RingFenceFactory(channel=web, sku=sku, location=home, quantity=2)
    KeepRuleFactory(code="walk-ins", kind="safety_stock", sku=sku, quantity=3)
    hold = {"channel": "web", "reference": "cart-1", "ttl_seconds": 600}
    done(api.post("reservations", hold | {"lines": [{"sku": "A1", "quantity": 1}]}))
    transfer = {"from": "W1", "to": "S1", "lines": [{"sku": "A1", "quantity": 3}]}
    moved = done(api.post("transfers", transfer))
    done(api.post(f"transfers/{moved['id']}/dispatch"))
    asn = {"location": "W1", "reference": "ASN-1", "lines": [{"sku": "A1", "quantity": 4}]}
    expected = done(api.post("deliveries", asn))
    arrived = {"lines": [{"sku": "A1", "quantity": 1}]}
    done(api.post(f"deliveries/{expected['id']}/receipts", arrived))
    order = place(api, "W-1", quantity=2)
    walk = done(api.post("pick-lists", {"location": "W1", "max_orders": 5, "mode": "single"}))
    scan = {"scan_id": str(uuid.uuid4()), "payload": "(01)05012345678900(10)LOT-1"}
    scan |= {"quantity": 2}
    done(api.post(f"pick-lists/{walk['id']}/scans", {"scans": [scan]}))
    fulfilment = Fulfilment.objects.get(order__number=order).code
    done(api.post(f"fulfilments/{fulfilment}/pack"))
    ship = {"carrier": "Royal Mail", "tracking_number": "RM1"}
    done(api.post(f"fulfilments/{fulfilment}/ship", ship))
    come_back(api, order)
    count_all(api, Stock.objects.get(sku=sku, location=home).on_hand + 1)
    Relay.objects.get_or_create(pk=1)
    assert reconcile(actor=SYSTEM) is not None
    record(actor=SYSTEM, action="day.closed", subject="locations/W1")
    return order
