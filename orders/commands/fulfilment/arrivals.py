"""Receiving transfers: for stock, or for a customer who waits for the goods."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from core.access.principal import Principal
from core.database.bulk_insert import take_ids
from inventory import ledger
from inventory.choices import ReservationState
from inventory.commands.change import StockChange
from inventory.commands.transfers.receive_transfer import Arrival, Received, receive_transfer
from inventory.commands.transfers.transfer import lock_transfer
from inventory.ledger import NewReservation
from inventory.models import Reservation
from inventory.queries.transfers import as_id, sku_ids_of
from orders.choices import FulfilmentState
from orders.commands.fulfilment.common import lines_of, publish_fulfilments
from orders.commands.fulfilment.ship_to_store import wait_if_whole
from orders.commands.settling.change_stock import change_stock
from orders.commands.settling.resourcing import source_again
from orders.commands.settling.settle import end_emptied
from orders.models import Fulfilment, FulfilmentLine


def receive_goods(
    *,
    identity: str,
    arrivals: Sequence[Arrival] = (),
    close: bool = False,
    accept_surplus: bool = False,
    as_scanned: bool = False,
    actor: Principal,
) -> dict[str, Any]:
    """Receive a transfer; reserve the customer's units in the same act, fill backorders.

    When all units of the customer have arrived, the fulfilment is ready. Units that cannot come
    any more, lost or damaged, are taken off it and sourced again.
    """

    goods = {*sku_ids_of(identity), *(arrival.sku_id for arrival in arrivals)}

    def act() -> tuple[dict[str, Any], StockChange]:
        fulfilment = _on_its_way(identity)
        lines = lines_of(fulfilment) if fulfilment else []
        reservations = _wanted(fulfilment, lines) if fulfilment else {}
        received = receive_transfer(
            identity=identity,
            arrivals=arrivals,
            close=close,
            accept_surplus=accept_surplus,
            as_scanned=as_scanned,
            waiting=list(reservations.values()),
            actor=actor,
        )
        if fulfilment:
            _arrive(fulfilment, lines, reservations, received, actor=actor)
        return received.document, received.change

    def lock(skus: Collection[int]) -> None:
        """Lock the transfer before stock, as an act does that concerns no order."""
        place = lock_transfer(identity, actor, at="destination").destination_id
        ledger.open_and_lock([(sku_id, place) for sku_id in goods], skus)

    return change_stock(
        act,
        waiting_for=goods,
        lock=lock,
        concerning=Fulfilment.objects.filter(transfer=as_id(identity)).values_list(
            "order_id", flat=True
        ),
        actor=actor,
    )


def _on_its_way(identity: str) -> Fulfilment | None:
    """Lock the fulfilment that waits for this transfer. Its order is locked already."""
    waiting = Fulfilment.objects.filter(
        transfer=as_id(identity), state=FulfilmentState.IN_TRANSIT
    ).select_related("order", "location", "source")
    return waiting.select_for_update(of=("self",), no_key=True).first()


def _wanted(
    fulfilment: Fulfilment, lines: Sequence[FulfilmentLine]
) -> dict[FulfilmentLine, NewReservation]:
    """Return the reservation of arriving units that each line needs.

    The reservation of an earlier part is enlarged; one that ended at the source, or broke, is
    followed by a new one.
    """
    wanting = [line for line in lines if line.quantity > line.arrived]
    live = set(
        Reservation.objects.filter(
            pk__in=[line.reservation_id for line in wanting],
            location=fulfilment.location_id,
            state=ReservationState.CONFIRMED,
        ).values_list("pk", flat=True)
    )
    new = iter(take_ids(inventory_reservation=len(wanting))["inventory_reservation"])
    return {
        line: NewReservation(
            reservation_id=line.reservation_id if line.reservation_id in live else next(new),
            sku_id=line.order_line.sku_id,
            location_id=fulfilment.location_id,
            quantity=line.quantity - line.arrived,
            fenced=0,
            reference=fulfilment.order.number,
        )
        for line in wanting
    }


def _arrive(
    fulfilment: Fulfilment,
    lines: Sequence[FulfilmentLine],
    reservations: Mapping[FulfilmentLine, NewReservation],
    received: Received,
    *,
    actor: Principal,
) -> None:
    arrived: dict[FulfilmentLine, int] = {}
    for line, reservation in reservations.items():
        if units := received.reserved.get(reservation.reservation_id, 0):
            line.reservation_id = reservation.reservation_id
            line.arrived += units
            arrived[line] = units
    missing = _missing(lines, received.document)
    for line, units in missing.items():
        line.shrink_to(line.quantity - units)
    FulfilmentLine.objects.bulk_update(lines, ["reservation", "arrived", "quantity", "picked"])
    publish_fulfilments(
        "fulfilment.arrived",
        [fulfilment],
        actor=actor,
        arrived_lines={fulfilment.pk: _told(arrived)},
        missing_lines={fulfilment.pk: _told(missing)},
    )
    wait_if_whole(fulfilment, lines, actor=actor)
    occasion = f"arrived short {fulfilment.code}"
    end_emptied({fulfilment.pk}, reason=occasion, actor=actor)
    source_again(
        wants=[(line.order_line_id, units) for line, units in missing.items()],
        avoiding=frozenset(),
        occasion=occasion,
        actor=actor,
    )


def _missing(
    lines: Sequence[FulfilmentLine], transfer: Mapping[str, Any]
) -> dict[FulfilmentLine, int]:
    """Return the units that the transfer cannot bring any more; the last lines lose theirs."""
    coming = {
        line["sku"]: line["quantity"] - line["received"] - line["lost"]
        for line in transfer["lines"]
    }
    missing = {}
    for line in lines:
        sku = line.order_line.sku.code
        wanted = line.quantity - line.arrived
        brought = min(wanted, coming.get(sku, 0))
        coming[sku] = coming.get(sku, 0) - brought
        if wanted > brought:
            missing[line] = wanted - brought
    return missing


def _told(units: Mapping[FulfilmentLine, int]) -> list[dict[str, Any]]:
    return [
        {
            "line_id": line.order_line.line_id,
            "sku": line.order_line.sku.code,
            "quantity": quantity,
        }
        for line, quantity in units.items()
    ]
