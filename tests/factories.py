"""Rows and request bodies for tests.

A row with a unique code is made once: a factory that is asked for it again returns it. Factories
named `...Body` return the dictionary that a client sends; what is not given has a usual value.
Units come onto a location through the ledger alone: `stock_up`, `hold_units`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import factory
from factory.django import DjangoModelFactory, Password

from core.access.models import ApiClient, User
from core.access.principal import SYSTEM
from core.database.bulk_insert import take_ids
from inventory import ledger
from inventory.choices import Reason
from inventory.ledger import Entry, NewReservation
from inventory.models import (
    Barcode,
    KeepRule,
    Placement,
    Product,
    ReservationGroup,
    RingFence,
    Sku,
    Transfer,
)
from stores.models import Bin, Channel, Location


class LocationFactory(DjangoModelFactory):
    """A warehouse in London that ships and hands over; `store=True` makes it a store."""

    class Meta:
        model = Location
        django_get_or_create = ("code",)

    class Params:
        store = factory.Trait(kind="store")

    code = factory.Sequence("L{}".format)
    name = factory.SelfAttribute("code")
    kind = "warehouse"
    timezone = "Europe/London"
    ships = True
    pickup = True
    latitude = 51.5
    longitude = -0.1


class BinFactory(DjangoModelFactory):
    class Meta:
        model = Bin
        django_get_or_create = ("location", "code")

    location = factory.SubFactory(LocationFactory)
    code = factory.Sequence("BIN-{}".format)
    walk = 1


class ChannelFactory(DjangoModelFactory):
    """A web channel that sells from everywhere, or from the given `locations`. Most tests are not
    about addresses, so it takes orders without."""

    class Meta:
        model = Channel
        django_get_or_create = ("code",)

    code = "web"
    name = factory.SelfAttribute("code")
    kind = "web"
    ships_without_address = True

    @classmethod
    def _create(
        cls,
        model_class: type[Channel],
        *args: Any,
        locations: Sequence[Location] | None = None,
        **fields: Any,
    ) -> Channel:
        all_locations = {"all_locations": locations is None}
        channel: Channel = super()._create(model_class, *args, **(all_locations | fields))
        if locations is not None:
            channel.locations.set(locations)
        return channel


class ProductFactory(DjangoModelFactory):
    class Meta:
        model = Product
        django_get_or_create = ("code",)

    code = factory.Sequence("P{}".format)


class SkuFactory(DjangoModelFactory):
    class Meta:
        model = Sku
        django_get_or_create = ("code",)

    code = factory.Sequence("SKU-{}".format)
    name = factory.LazyAttribute(lambda sku: f"Article {sku.code}")


class BarcodeFactory(DjangoModelFactory):
    """An in-house code; a GTIN is given with its 14 digits."""

    class Meta:
        model = Barcode
        django_get_or_create = ("code",)

    sku = factory.SubFactory(SkuFactory)
    code = factory.Sequence("IN-{}".format)


class PlacementFactory(DjangoModelFactory):
    class Meta:
        model = Placement
        django_get_or_create = ("sku", "bin")

    sku = factory.SubFactory(SkuFactory)
    bin = factory.SubFactory(BinFactory)


class RingFenceFactory(DjangoModelFactory):
    class Meta:
        model = RingFence

    channel = factory.SubFactory(ChannelFactory)
    sku = factory.SubFactory(SkuFactory)
    location = factory.SubFactory(LocationFactory)
    quantity = 1


class KeepRuleFactory(DjangoModelFactory):
    """Safety stock, unless a `channel` is given: then a ring fence for it."""

    class Meta:
        model = KeepRule
        django_get_or_create = ("code",)

    code = factory.Sequence("rule-{}".format)
    channel = None
    kind = factory.LazyAttribute(lambda rule: "ring_fence" if rule.channel else "safety_stock")
    quantity = 1


class TransferFactory(DjangoModelFactory):
    """Goods on their way; its lines are created by the test."""

    class Meta:
        model = Transfer

    source = factory.SubFactory(LocationFactory)
    destination = factory.SubFactory(LocationFactory)
    state = "in_transit"
    created_by = "test"


class ApiClientFactory(DjangoModelFactory):
    """A client that may do everything, unless `scopes` say less."""

    class Meta:
        model = ApiClient
        django_get_or_create = ("name",)

    name = factory.Sequence("client {}".format)
    scopes = ("*",)


class UserFactory(DjangoModelFactory):
    """An account without a role; `superuser=True` may do everything."""

    class Meta:
        model = User
        django_get_or_create = ("username",)

    class Params:
        superuser = factory.Trait(username="manager", is_staff=True, is_superuser=True)

    username = factory.Sequence("user{}".format)
    password = Password("secret")
    is_staff = True


def stock_up(sku: Sku, location: Location, units: int) -> None:
    """Receive units through the ledger."""
    ledger.open_rows([(sku.pk, location.pk)])
    ledger.post(
        [Entry(sku.pk, location.pk, on_hand=units, reason=Reason.RECEIPT, reference="test")],
        actor=SYSTEM.name,
    )


def hold_units(
    sku: Sku, location: Location, *units: int, channel: Channel, until: datetime
) -> ReservationGroup:
    """Hold units for a cart through the ledger, one reservation for each number."""
    group = ReservationGroup.objects.create(channel=channel, reference="cart", expires_at=until)
    ids = take_ids(inventory_reservation=len(units))["inventory_reservation"]
    reservations = [
        NewReservation(identity, sku.pk, location.pk, each, 0, "cart")
        for identity, each in zip(ids, units, strict=True)
    ]
    assert ledger.reserve(reservations, actor="cart", group_id=group.pk, expires_at=until)
    return group


class OrderLineBody(factory.DictFactory):
    line_id = "1"
    sku = "A1"
    quantity = 1
    unit_price = "10.00"


class OrderBody(factory.DictFactory):
    channel = "web"
    external_id = factory.Sequence("W-{}".format)
    currency = "GBP"
    lines = factory.List([factory.SubFactory(OrderLineBody)])


class CartBody(factory.DictFactory):
    """What `POST /reservations` takes."""

    channel = "web"
    reference = "cart"
    ttl_seconds = 600
    lines = factory.List([factory.Dict({"sku": "A1", "quantity": 1})])


class ReturnBody(factory.DictFactory):
    channel = "web"
    resolution = "refund"
    drop_off = factory.Dict({"type": "store"})


class LocationBody(factory.DictFactory):
    name = "Soho"
    kind = "store"
    timezone = "Europe/London"
    latitude = 51.5
    longitude = -0.13
    capabilities = factory.List(["ships", "pickup", "returns"])
