"""Moving the work of a building that closes: its parcels to other buildings, its pickups too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from core.access.principal import Principal
from core.audit.record import record
from core.problems.catalogue import NotFound, ValidationFailed
from inventory import ledger
from orders.choices import FulfilmentState, FulfilmentType, RejectReason
from orders.commands.fulfilment.common import lines_of
from orders.commands.fulfilment.move import find_shop, move_pickup
from orders.commands.fulfilment.reject import GivenUp, give_up
from orders.commands.locks import lock_orders
from orders.models import Fulfilment, FulfilmentLine, OrderLine
from orders.models.fulfilment import UNFINISHED
from orders.queries.fulfilments import seen_from
from stores.queries.network import Place, current_network

AT_ONCE = 100  # fulfilments in one act
MOVABLE = (FulfilmentState.OPEN, FulfilmentState.PICKING)


@dataclass(frozen=True, slots=True)
class Evacuated:
    """Fulfilments that were moved, and those that a person must see to; `more` wait for another
    call.
    """

    moved: Sequence[str]
    left: Sequence[str]
    more: bool


def evacuate(*, location: str, pickups_to: str | None, actor: Principal) -> Evacuated:
    """Move the open and picked work of a building that closes, in one act.

    What it was to send is sourced again from other buildings. Customers who were to collect there
    do so at `pickups_to`; without it their fulfilments are left. So are closed boxes, goods on
    their way, and what waits in a bay.
    """
    network = current_network()
    place = network.by_code.get(location)
    if place is None or not actor.works_at(location):
        raise NotFound("There is no such location.")
    if pickups_to == location:
        raise ValidationFailed.at("/pickups_to", "That is the one that closes.", "same_location")
    here = Fulfilment.objects.visible_to(actor).filter(seen_from([location]), state__in=UNFINISHED)
    chosen = here.order_by("pk")
    movable = chosen.filter(_movable(place, pickups_to is not None))
    found = list(movable.values_list("pk", "order_id")[: AT_ONCE + 1])
    locked = found[:AT_ONCE]
    lock_orders({order_id for _, order_id in locked})
    work = movable.filter(pk__in=[pk for pk, _ in locked])
    rows = list(
        work.select_related("order__channel", "location", "source").select_for_update(
            of=("self",), no_key=True
        )
    )
    shops = {
        row.pk: find_shop(row, pickups_to, pointer="/pickups_to")
        for row in rows
        if _collected_at(row, place)
    }
    lines = {row.pk: lines_of(row) for row in rows}
    ledger.lock_skus({line.order_line.sku_id for mine in lines.values() for line in mine})
    for row in rows:
        _move(row, lines[row.pk], place, shops.get(row.pk), actor=actor)
    moved = [row.code for row in rows]
    record(actor=actor, action="evacuated", subject=f"locations/{location}", fulfilments=moved)
    left = chosen.exclude(_movable(place, pickups_to is not None)).values_list("code", flat=True)
    return Evacuated(moved, list(left[:AT_ONCE]), more=len(found) > AT_ONCE)


def _movable(place: Place, with_pickups: bool) -> Q:
    """Match work that can go on elsewhere."""
    sends = Q(source=place.id) | Q(
        source__isnull=True, type__in=(FulfilmentType.SHIP, FulfilmentType.SAME_DAY)
    )
    work = Q(state__in=MOVABLE)
    if not with_pickups:
        return work & sends
    coming = Q(location=place.id, source__isnull=False, state=FulfilmentState.PACKED)
    return work | coming


def _collected_at(fulfilment: Fulfilment, place: Place) -> bool:
    return fulfilment.type == FulfilmentType.PICKUP and fulfilment.location_id == place.id


def _move(
    fulfilment: Fulfilment,
    lines: Sequence[FulfilmentLine],
    place: Place,
    shop: Place | None,
    *,
    actor: Principal,
) -> None:
    if shop is not None and fulfilment.source_id not in (None, place.id):
        move_pickup(code=fulfilment.code, location=shop.code, actor=actor)
        return
    if shop is not None:
        rows = OrderLine.objects.filter(pk__in=[line.order_line_id for line in lines])
        rows.update(location=shop.id)
    give_up(
        fulfilment,
        lines,
        [GivenUp(line, line.outstanding, RejectReason.OTHER) for line in lines if line.outstanding],
        occasion=f"{place.code} closes",
        actor=actor,
    )
