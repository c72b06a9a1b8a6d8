"""One SKU at two locations, and what the ledger wrote of it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from core.database.bulk_insert import take_ids
from inventory import ledger
from inventory.ledger import NewReservation
from inventory.models import Reservation, Sku, Stock, StockMovement
from stores.models import Channel, Location
from tests.factories import hold_units

LONG_AGO = datetime(2026, 1, 5, 14, 0, tzinfo=UTC)


@dataclass
class StockedSku:
    """One SKU at two locations, ten units at the first."""

    sku: int
    here: int
    there: int
    channel: Channel
    groups: list[uuid.UUID] = field(default_factory=list)

    @property
    def row(self) -> Stock:
        return Stock.objects.get(sku=self.sku, location=self.here)

    @property
    def balances(self) -> tuple[int, int, int]:
        row = self.row
        return row.on_hand, row.reserved, row.unavailable

    def asked(self, units: int, *, fenced: int = 0, location: int | None = None) -> NewReservation:
        (identity,) = take_ids(inventory_reservation=1)["inventory_reservation"]
        return NewReservation(
            identity, self.sku, location or self.here, units, fenced, f"order {identity}"
        )

    def confirmed(self, units: int) -> int:
        """Make a reservation of an order; return its id."""
        reservation = self.asked(units)
        assert ledger.reserve([reservation], actor="buyer")
        return reservation.reservation_id

    def held(self, *units: int, ends_in: int = 60) -> uuid.UUID:
        """Make a cart that holds reservations of so many units; return its id."""
        until = datetime.now(UTC) + timedelta(seconds=ends_in)
        sku, here = Sku.objects.get(pk=self.sku), Location.objects.get(pk=self.here)
        return hold_units(sku, here, *units, channel=self.channel, until=until).pk

    def states(self, group: uuid.UUID) -> list[tuple[str, int]]:
        rows = Reservation.objects.filter(group=group).order_by("pk")
        return list(rows.values_list("state", "quantity"))


def movements() -> list[tuple[Any, ...]]:
    return list(
        StockMovement.objects.order_by("id").values_list(
            "reason", "on_hand_delta", "reserved_delta", "unavailable_delta"
        )
    )
