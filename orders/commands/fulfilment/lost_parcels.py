"""Parcels that do not reach their customer: lost by the carrier, found again, or coming back."""

from __future__ import annotations

from django.utils import timezone

from core.access.principal import Principal
from core.audit.record import record
from core.outbox.events import publish
from inventory import ledger
from inventory.choices import Reason
from inventory.ledger import Entry
from orders.choices import AfterLoss, DropOff, Resolution, ReturningReason
from orders.commands.fulfilment.common import (
    lines_of,
    lock_fulfilment,
    publish_fulfilments,
    save_step,
    subject_of,
)
from orders.commands.fulfilment.set_aside import Freed, set_aside
from orders.commands.returns.refunds import cancellation_refund
from orders.commands.returns.request_return import Announced, ReturnRequest, request_return
from orders.commands.settling.resourcing import source_again
from orders.errors import ExceedsLine
from orders.events import order_cancelled
from orders.models import Fulfilment, FulfilmentLine, OrderLine
from orders.queries.documents import order_document
from orders.returns_policy import RequestedUnits
from orders.transitions import next_fulfilment_state

LOST = "lost_by_carrier"


def lose_parcel(*, code: str, instead: AfterLoss, actor: Principal, reason: str = "") -> Fulfilment:
    """Record that the carrier lost a parcel; refund its units or send them again.

    No stock moves: the goods left when they were shipped. Raises `ExceedsLine` when some of the
    units have come back as a return.
    """
    fulfilment = lock_fulfilment(code=code, actor=actor)
    fulfilment.state = next_fulfilment_state(fulfilment.life_cycle, fulfilment.state, "lost")
    units = {line: line.fulfilled for line in lines_of(fulfilment) if line.fulfilled}
    rows = {row.pk: row for row in OrderLine.objects.filter(order=fulfilment.order_id)}
    _refuse_returned(units, rows)
    for line, lost in units.items():
        line.lost += lost
        line.fulfilled = 0
        line.shrink_to(line.quantity - lost)
        row = rows[line.order_line_id]
        row.fulfilled -= lost
        if instead == AfterLoss.REFUND:
            row.cancelled += lost
        else:
            row.reserved += lost
    FulfilmentLine.objects.bulk_update(
        units, ["quantity", "picked", "arrived", "fulfilled", "lost"]
    )
    OrderLine.objects.bulk_update(rows.values(), ["fulfilled", "cancelled", "reserved"])
    fulfilment.finished_at = timezone.now()
    save_step(fulfilment, "state", "finished_at")
    told = [
        {
            "line_id": line.order_line.line_id,
            "sku": line.order_line.sku.code,
            "quantity": quantity,
        }
        for line, quantity in units.items()
    ]
    publish_fulfilments(
        "fulfilment.lost",
        [fulfilment],
        actor=actor,
        lost_lines={fulfilment.pk: told},
        instead={fulfilment.pk: instead.value},
    )
    record(
        actor=actor,
        action="parcel_lost",
        subject=subject_of(fulfilment),
        reason=reason,
        instead=instead.value,
    )
    if instead == AfterLoss.REFUND:
        _refund(fulfilment, units, actor=actor)
    else:
        ledger.lock_skus({line.order_line.sku_id for line in units})
        source_again(
            wants=[(line.order_line_id, lost) for line, lost in units.items()],
            avoiding=frozenset(),
            occasion=f"lost {code}",
            actor=actor,
        )
    return fulfilment


def _refuse_returned(units: dict[FulfilmentLine, int], rows: dict[int, OrderLine]) -> None:
    out = {pk: row.fulfilled - row.returned for pk, row in rows.items()}
    too_many = []
    for line, lost in units.items():
        if lost > out[line.order_line_id]:
            too_many.append(
                {
                    "line_id": line.order_line.line_id,
                    "sku": line.order_line.sku.code,
                    "requested": lost,
                    "remaining": out[line.order_line_id],
                }
            )
        out[line.order_line_id] -= lost
    if too_many:
        raise ExceedsLine("Some of its units have come back already.", lines=too_many)


def _refund(fulfilment: Fulfilment, units: dict[FulfilmentLine, int], *, actor: Principal) -> None:
    order = fulfilment.order
    lost = [(line.order_line, quantity) for line, quantity in units.items()]
    publish(
        order_cancelled(order_document(order), lost, reason=LOST, actor=actor),
        *cancellation_refund(order=order, units=lost, reason=LOST, actor=actor),
    )


def find_parcel(*, code: str, actor: Principal) -> Fulfilment:
    """Take a lost parcel in again that has come to the building that sent it.

    Its units are to be put back: they are in their box. The customer was refunded, or sent others.
    """
    fulfilment = lock_fulfilment(code=code, actor=actor)
    fulfilment.state = next_fulfilment_state(fulfilment.life_cycle, fulfilment.state, "found")
    building = fulfilment.building
    found = [Freed(line, loose=0, in_hand=line.lost) for line in lines_of(fulfilment) if line.lost]
    for part in found:
        part.line.lost = 0
    FulfilmentLine.objects.bulk_update([part.line for part in found], ["lost"])
    set_aside(fulfilment, found, location_id=building.pk)
    save_step(fulfilment, "state")
    told = [
        {
            "line_id": part.line.order_line.line_id,
            "sku": part.line.order_line.sku.code,
            "quantity": part.in_hand,
        }
        for part in found
    ]
    publish_fulfilments(
        "fulfilment.found",
        [fulfilment],
        actor=actor,
        lost_lines={fulfilment.pk: told},
        found_at={fulfilment.pk: building.code},
    )
    pairs = [(part.line.order_line.sku_id, building.pk) for part in found]
    ledger.open_rows(pairs)
    named = fulfilment.order.number
    ledger.post(
        [
            entry
            for pair, part in zip(pairs, found, strict=True)
            for entry in (
                Entry(*pair, on_hand=part.in_hand, reason=Reason.FOUND, reference=named),
                Entry(*pair, unavailable=part.in_hand, reason=Reason.TO_PUT_BACK, reference=named),
            )
        ],
        actor=actor.name,
    )
    return fulfilment


def send_back(*, code: str, reason: ReturningReason, actor: Principal) -> Fulfilment:
    """Record that the carrier brings a parcel back; its units are announced as a return.

    Raises `NotReturnable` when they came back, or are announced, already.
    """
    fulfilment = lock_fulfilment(code=code, actor=actor)
    fulfilment.state = next_fulfilment_state(fulfilment.life_cycle, fulfilment.state, "returning")
    save_step(fulfilment, "state")
    ret = request_return(
        request=ReturnRequest(
            order_id=fulfilment.order_id,
            channel_id=fulfilment.order.channel_id,
            lines=[
                Announced(
                    RequestedUnits(line.fulfilled, line_id=line.order_line.line_id),
                    line.order_line.sku_id,
                    reason.value,
                )
                for line in lines_of(fulfilment)
                if line.fulfilled
            ],
            resolution=Resolution.REFUND,
            drop_off=DropOff.PARCEL,
            drop_off_location_id=fulfilment.building.pk,
        ),
        undelivered=True,
        actor=actor,
    )
    publish_fulfilments(
        "fulfilment.returning",
        [fulfilment],
        actor=actor,
        reason={fulfilment.pk: reason.value},
        **{"return": {fulfilment.pk: str(ret.pk)}},
    )
    return fulfilment
