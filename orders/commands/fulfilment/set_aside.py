"""Units whose promise ends: those on the shelf are free at once, those in a box are to put back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.access.principal import Principal
from inventory import ledger
from inventory.choices import Reason, ReservationState
from inventory.ledger import Part
from orders.choices import FulfilmentState
from orders.errors import ReservationBroken
from orders.models import Fulfilment, FulfilmentLine, UnitsToPutBack


@dataclass(frozen=True, slots=True)
class Freed:
    """Units that were taken off a fulfilment line.

    `loose` ones are on the shelf still, those `in_hand` lie in a tote, a box or a bay. Units on
    their way to a shop are neither: they have no reservation, and are on sale when they arrive.
    """

    line: FulfilmentLine
    loose: int
    in_hand: int


def take_off(line: FulfilmentLine, units: int) -> Freed:
    """Take units off a line in memory, those that are not in hand first; the caller saves it.

    Its fulfilment still has the state in which the units were.
    """
    picked, arrived = line.picked, line.arrived
    line.shrink_to(line.quantity - units)
    if line.fulfilment.state == FulfilmentState.IN_TRANSIT:
        return Freed(line, loose=0, in_hand=arrived - line.arrived)
    in_hand = picked - line.picked
    return Freed(line, loose=units - in_hand, in_hand=in_hand)


def set_aside(fulfilment: Fulfilment, freed: Iterable[Freed], *, location_id: int) -> None:
    """Record the units in hand as to be put back at the location where they lie."""
    units: dict[int, int] = {}
    for part in freed:
        if part.in_hand:
            sku_id = part.line.order_line.sku_id
            units[sku_id] = units.get(sku_id, 0) + part.in_hand
    note_to_put_back(fulfilment, units, location_id=location_id)


def note_to_put_back(fulfilment: Fulfilment, more: Mapping[int, int], *, location_id: int) -> None:
    """Record further units (by SKU id) as to be put back at a location."""
    if not more:
        return
    units = dict(more)
    there = UnitsToPutBack.objects.filter(fulfilment=fulfilment, location=location_id)
    for sku_id, before in there.values_list("sku_id", "quantity"):
        if sku_id in units:
            units[sku_id] += before
    UnitsToPutBack.objects.bulk_create(
        [
            UnitsToPutBack(
                fulfilment=fulfilment, sku_id=sku_id, location_id=location_id, quantity=quantity
            )
            for sku_id, quantity in units.items()
        ],
        update_conflicts=True,
        unique_fields=["fulfilment", "sku", "location"],
        update_fields=["quantity"],
    )


def free(freed: Sequence[Freed], *, actor: Principal) -> frozenset[int]:
    """End the reservations of these units; return the ids of SKUs that can be promised again.

    Raises `ReservationBroken` when a count has just broken one.
    """
    closed = ledger.close_reservations(
        [Part(part.line.reservation_id, part.loose) for part in freed],
        in_hand=[Part(part.line.reservation_id, part.in_hand) for part in freed],
        state=ReservationState.RELEASED,
        reason=Reason.RELEASED,
        actor=actor.name,
    )
    if not closed:
        raise ReservationBroken()
    return frozenset(part.line.order_line.sku_id for part in freed if part.loose)
