"""Announcing returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone

from core.access.principal import Principal
from core.audit.record import record
from core.outbox.events import OutboxEvent, publish
from orders.choices import DropOff, ReturnState
from orders.commands.locks import lock_orders
from orders.models import Return, ReturnLine
from orders.queries.returns import return_document, sold_lines
from orders.returns_policy import RequestedUnits, match_announced

OVERRIDE = "returns:override"


@dataclass(frozen=True, slots=True)
class Announced:
    """Units that a customer wants to give back, and why."""

    units: RequestedUnits
    sku_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class ReturnRequest:
    """An announced return, with its codes looked up; `order_id` is None without an order."""

    order_id: int | None
    channel_id: int
    lines: Sequence[Announced]
    resolution: str
    drop_off: DropOff
    drop_off_location_id: int | None


def request_return(
    *, request: ReturnRequest, undelivered: bool = False, actor: Principal
) -> Return:
    """Authorise a return and publish it.

    Without an order nothing limits what is announced, and no price is known. Raises
    `NotReturnable`; the scope `returns:override` waives the window, which is recorded. There is no
    window for goods that the customer never had: they come back `undelivered`.
    """
    if request.order_id is None:
        ret = _announce_blind(request, actor=actor)
    else:
        # The order's lock serialises two announcements of the same units.
        lock_orders({request.order_id})
        ret = _announce_from_order(request, request.order_id, undelivered=undelivered, actor=actor)
    document = return_document(ret.pk)
    publish(
        OutboxEvent(
            "return.requested",
            f"returns/{ret.pk}",
            document,
            order=document["order"] or "",
            actor=actor.name,
        )
    )
    return ret


def _open(request: ReturnRequest, *, overridden_by: str, actor: Principal) -> Return:
    return Return.objects.create(
        order_id=request.order_id,
        channel_id=request.channel_id,
        # Without an order there is nothing to authorise: the goods are here.
        state=ReturnState.AUTHORISED if request.order_id else ReturnState.RECEIVED,
        resolution=request.resolution,
        drop_off=request.drop_off,
        drop_off_location_id=request.drop_off_location_id,
        blind=request.order_id is None,
        overridden_by=overridden_by,
        created_by=actor.name,
    )


def _announce_from_order(
    request: ReturnRequest, order_id: int, *, undelivered: bool, actor: Principal
) -> Return:
    sold = sold_lines(order_id)
    matched, overridden = match_announced(
        [line.units for line in request.lines],
        sold,
        at=timezone.now(),
        may_override=undelivered or actor.may(OVERRIDE),
    )
    overridden = overridden and not undelivered
    ret = _open(request, overridden_by=actor.name if overridden else "", actor=actor)
    units: dict[tuple[int, str], int] = {}
    for part in matched:
        assert part.sold_id is not None
        key = part.sold_id, request.lines[part.index].reason
        units[key] = units.get(key, 0) + part.quantity
    by_id = {line.id: line for line in sold}
    ReturnLine.objects.bulk_create(
        ReturnLine(
            ret=ret,
            order_line_id=sold_id,
            sku_id=by_id[sold_id].sku_id,
            quantity=quantity,
            reason=reason,
        )
        for (sold_id, reason), quantity in units.items()
    )
    if overridden:
        record(
            actor=actor,
            action="return.overridden",
            subject=f"returns/{ret.pk}",
            reason="The return window was over.",
        )
    return ret


def _announce_blind(request: ReturnRequest, *, actor: Principal) -> Return:
    ret = _open(request, overridden_by="", actor=actor)
    units: dict[tuple[int, str], int] = {}
    for line in request.lines:
        key = line.sku_id, line.reason
        units[key] = units.get(key, 0) + line.units.quantity
    ReturnLine.objects.bulk_create(
        ReturnLine(ret=ret, sku_id=sku_id, quantity=quantity, reason=reason)
        for (sku_id, reason), quantity in units.items()
    )
    return ret
