"""Acts on the ledger of A1 in W1, for threads that compete."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

from core.access.principal import SYSTEM
from core.database.bulk_insert import take_ids
from inventory import ledger
from inventory.choices import Reason, ReservationState
from inventory.commands.change import StockChange
from inventory.commands.counting.count import Counted, apply_count
from inventory.commands.reserve import Cart, hold_stock
from inventory.ledger import NewReservation, Part
from inventory.models import Reservation, ReservationGroup, Sku
from inventory.queries.lookup import Spot
from inventory.spreading import Want
from orders.commands.settling.change_stock import change_stock
from stores.models import Location
from stores.queries.network import current_network
from tests.factories import ChannelFactory, hold_units

UNITS = 5
BUYERS = 12


def reserve_one(spot: Spot) -> Callable[[], bool]:
    (identity,) = take_ids(inventory_reservation=1)["inventory_reservation"]
    reservation = NewReservation(identity, *spot.pair, 1, 0, f"buyer {identity}")

    def reserve() -> bool:
        granted = ledger.reserve([reservation], actor="buyer")
        transaction.set_rollback(not granted)
        return granted

    return reserve


def just_over() -> datetime:
    return datetime.now(UTC) - timedelta(seconds=1)


def make_hold(spot: Spot, *, until: datetime, units: int = 1) -> ReservationGroup:
    sku, location = Sku.objects.get(pk=spot.sku_id), Location.objects.get(pk=spot.location_id)
    return hold_units(sku, location, units, channel=ChannelFactory(), until=until)


def release(reservation: Reservation) -> None:
    assert ledger.close_reservations(
        [Part(reservation.pk, reservation.quantity)],
        state=ReservationState.RELEASED,
        reason=Reason.RELEASED,
        actor="cart",
    )


def hold_in_cart(units: int) -> dict[str, Any]:
    channel = current_network().channels["web"]
    cart = Cart(channel, reference="cart", ttl_seconds=60, wants=[Want("A1", units)])
    return hold_stock(cart=cart, actor=SYSTEM)


def count(spot: Spot, units: int) -> list[ledger.Broken]:
    def act() -> tuple[list[ledger.Broken], StockChange]:
        applied = apply_count(counts=[Counted(spot, units)], actor=SYSTEM)
        return list(applied.change.broken), applied.change

    with transaction.atomic():
        return change_stock(act, waiting_for=[spot.sku_id], actor=SYSTEM)
