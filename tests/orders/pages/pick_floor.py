"""A warehouse with bins, and people who pick there."""

from __future__ import annotations

from django.test import Client

from tests.factories import (
    BarcodeFactory,
    BinFactory,
    ChannelFactory,
    LocationFactory,
    PlacementFactory,
    SkuFactory,
    UserFactory,
    stock_up,
)

GTINS = {"MUG": "05012345678900", "LAMP": "04006381333931"}


def set_up_floor() -> None:
    """Make a warehouse with two articles in bins, and another one."""
    warehouse = LocationFactory(code="W1", name="Daventry", priority=1)
    LocationFactory(code="W2", name="Wakefield", priority=2)
    ChannelFactory(code="web")
    for walk, (code, barcode) in enumerate(GTINS.items(), start=1):
        sku = SkuFactory(code=code, name=f"Nice {code.lower()}")
        BarcodeFactory(sku=sku, code=barcode)
        stock_up(sku, warehouse, 20)
        place = BinFactory(location=warehouse, code=f"A-0{walk}", walk=walk)
        PlacementFactory(sku=sku, bin=place)


def sign_in(name: str, role: str = "operative", places: tuple[str, ...] = ("W1",)) -> Client:
    person = UserFactory(username=name, role=role, locations=list(places), is_staff=True)
    client = Client()
    client.force_login(person)
    return client
