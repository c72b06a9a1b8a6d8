"""Small worlds for tests, made through the same commands and doors that the service uses."""

from __future__ import annotations

from typing import Any

from core.access.principal import SYSTEM
from inventory import ledger
from inventory.choices import Reason
from inventory.models import Sku
from stores.models import Channel, Location


def make_location(code: str, **fields: Any) -> Location:
    """A warehouse that ships, unless said otherwise."""
    given: dict[str, Any] = {
        "name": code,
        "kind": "warehouse",
        "timezone": "Europe/London",
        "ships": True,
        "pickup": True,
        "latitude": 51.5,
        "longitude": -0.1,
    }
    return Location.objects.create(code=code, **(given | fields))


def make_channel(code: str = "web", *, locations: list[Location] | None = None) -> Channel:
    """A web channel that sells from everywhere, or from the given locations."""
    channel = Channel.objects.create(
        code=code, name=code, kind="web", all_locations=locations is None
    )
    if locations is not None:
        channel.locations.set(locations)
    return channel


def make_sku(code: str = "A1", **fields: Any) -> Sku:
    return Sku.objects.create(code=code, **({"name": f"Article {code}"} | fields))


def stock_up(sku: Sku, location: Location, units: int) -> None:
    """Receive units through the ledger."""
    ledger.open_rows([(sku.pk, location.pk)])
    ledger.post(
        [Entry(sku.pk, location.pk, on_hand=units, reason=Reason.RECEIPT, reference="test")],
        actor=SYSTEM.name,
    )


Entry = ledger.Entry
