"""Taking back a short pick: the goods were found after all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.access.principal import Principal
from core.audit.record import record
from core.database.bulk_insert import take_ids_and_time
from core.problems.catalogue import NotFound
from inventory import ledger
from inventory.choices import Condition, Reason, ReservationState
from inventory.commands.change import StockChange
from inventory.ledger import Entry, NewReservation
from inventory.queries.available.missing import units_to_settle
from orders.choices import FulfilmentState, RejectReason
from orders.commands.fulfilment.common import (
    end_reservations,
    grip_goods,
    publish_fulfilments,
    save_step,
    subject_of,
)
from orders.commands.picking.ownership import person_of, take_pick_list
from orders.commands.picking.pick_lists import lock_pick_list
from orders.commands.settling.settle import close_empty, settle
from orders.errors import LineClosed, ShortSettled
from orders.models import FulfilmentLine, PickList, PickListLine
from orders.queries.pick_lists import MAY_UNDO
from orders.transitions import next_pick_list_state


@dataclass(frozen=True, slots=True)
class _Regained:
    """Units that the line gets back: some that waited, some from work elsewhere, by its line."""

    waited: int
    elsewhere: Mapping[FulfilmentLine, int]

    @property
    def units(self) -> int:
        return self.waited + sum(self.elsewhere.values())


def undo_short(*, identity: int, line_id: int, actor: Principal, person: str = "") -> PickList:
    """Ask again for the units of a line that were recorded as not found.

    They are `missing` no more. The line gets back those that wait for goods, and those that another
    location was to send and has not begun; what was cancelled meanwhile stays so, and its goods are
    for others. Where nothing is short there is nothing to do. Raises `LineClosed` and
    `ShortSettled`.
    """
    named = PickListLine.objects.filter(pk=line_id, pick_list=identity)
    skus = set(named.values_list("sku_id", flat=True))
    pick_list, locked = lock_pick_list(identity=identity, actor=actor, waiting_for=skus)
    line = (
        named.select_related(
            "fulfilment_line__fulfilment__order",
            "fulfilment_line__fulfilment__location",
            "fulfilment_line__fulfilment__source",
            "fulfilment_line__order_line__sku",
            "fulfilment_line__reservation",
        )
        .order_by()
        .first()
    )
    if line is None:
        raise NotFound("There is no such line on this pick list.")
    if not line.short:
        return pick_list
    pick_list.state = next_pick_list_state(pick_list.state, "undo")
    take_pick_list(pick_list, person=person_of(actor, person), actor=actor)
    wanted, found = line.fulfilment_line, line.short
    fulfilment = wanted.fulfilment
    if fulfilment.state not in MAY_UNDO:
        raise LineClosed(f"The line is closed, because it is {fulfilment.state}.")
    ledger.lock_skus(skus)
    pair = (line.sku_id, fulfilment.building.pk)
    if units_to_settle({pair: None}).get(pair, {}).get(Condition.MISSING, 0) < found:
        raise ShortSettled()
    line.short = 0
    line.save(update_fields=["short"])
    regained = _regain(wanted, found)
    _take_back(wanted, regained, found, actor=actor)
    freed = regained.elsewhere or found > regained.units
    change = StockChange(more=frozenset(skus) if freed else frozenset())
    settle(change=change, orders=locked, actor=actor)
    return pick_list


def _regain(wanted: FulfilmentLine, found: int) -> _Regained:
    """Choose what comes back: what waits, then work elsewhere that was not begun, the newest."""
    order_line = wanted.order_line
    waited = min(found, order_line.backordered)
    left = found - waited
    elsewhere: dict[FulfilmentLine, int] = {}
    for other in (
        FulfilmentLine.objects.filter(
            order_line=order_line,
            picked=0,
            quantity__gt=0,
            fulfilment__state=FulfilmentState.OPEN,
            fulfilment__accepted_by="",
        )
        .exclude(fulfilment=wanted.fulfilment_id)
        .select_related("fulfilment__order", "order_line__sku")
        .order_by("-pk")
    ):
        if units := min(left, other.quantity):
            elsewhere[other] = units
            left -= units
    return _Regained(waited, elsewhere)


def _take_back(
    wanted: FulfilmentLine, regained: _Regained, found: int, *, actor: Principal
) -> None:
    """Move the units to their line again, in orders, fulfilments and stock."""
    order_line, fulfilment = wanted.order_line, wanted.fulfilment
    order_line.backordered -= regained.waited
    order_line.reserved += regained.waited
    order_line.save(update_fields=["backordered", "reserved"])
    _end_elsewhere(regained.elsewhere, actor=actor)
    reservation = wanted.reservation
    sku_id, place = order_line.sku_id, fulfilment.building.pk
    back = Entry(sku_id, place, unavailable=-found, reason=Reason.FOUND)
    again = []
    if regained.units:
        if reservation.state != ReservationState.CONFIRMED:
            ids, _ = take_ids_and_time(inventory_reservation=1)
            (wanted.reservation_id,) = ids["inventory_reservation"]
        again = [
            NewReservation(
                wanted.reservation_id, sku_id, place, regained.units, 0, reservation.reference
            )
        ]
    ledger.post_reserved([back], again, actor=actor.name)
    wanted.quantity += regained.units
    wanted.save(update_fields=["quantity", "reservation"])
    if regained.units:
        grip_goods([wanted])
        fulfilment.state, fulfilment.finished_at = FulfilmentState.PICKING, None
        save_step(fulfilment, "state", "finished_at")
        publish_fulfilments("fulfilment.picking", [fulfilment], actor=actor)
    record(
        actor=actor,
        action="short_undone",
        subject=subject_of(fulfilment),
        sku=order_line.sku.code,
        found=found,
        regained=regained.units,
    )


def _end_elsewhere(elsewhere: Mapping[FulfilmentLine, int], *, actor: Principal) -> None:
    """Take units off fulfilments of other locations, and tell them."""
    if not elsewhere:
        return
    for other, units in elsewhere.items():
        other.quantity -= units
    FulfilmentLine.objects.bulk_update(elsewhere, ["quantity"])
    touched = {other.fulfilment_id: other.fulfilment for other in elsewhere}
    close_empty(touched)
    publish_fulfilments(
        "fulfilment.rejected",
        touched.values(),
        actor=actor,
        rejected_lines={
            other.fulfilment_id: [
                {
                    "line_id": other.order_line.line_id,
                    "sku": other.order_line.sku.code,
                    "quantity": units,
                    "reason": RejectReason.OTHER.value,
                }
            ]
            for other, units in elsewhere.items()
        },
    )
    end_reservations(
        elsewhere, state=ReservationState.RELEASED, reason=Reason.RELEASED, actor=actor
    )
