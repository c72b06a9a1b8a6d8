"""Finding goods for units of existing orders: broken promises, and backorders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Q, Sum
from django.utils import timezone

from core.access.principal import Principal
from core.database.bulk_insert import insert_rows, take_ids_and_time
from core.outbox.events import OutboxEvent, publish
from core.problems.catalogue import Conflict
from inventory import ledger
from inventory.commands.holds import end_stale_holds
from orders.choices import FulfilmentState
from orders.commands.placing.allocations import NewFulfilment, compose_fulfilments, receipt_rows
from orders.commands.placing.plan_units import (
    ChannelAvailability,
    fulfilments_of_plan,
    ids_for_plans,
)
from orders.commands.placing.promises import destination_of
from orders.commands.returns.refunds import cancellation_refund
from orders.events import order_cancelled
from orders.models import Fulfilment, Order, OrderLine
from orders.queries.documents import order_documents
from orders.sourcing import PICKUP, Demand, Plan, Policy, Suppliers
from stores.queries.network import current_network

GIVEN_UP = (FulfilmentState.REJECTED, FulfilmentState.CANCELLED, FulfilmentState.EXPIRED)
LOSSES_BEFORE_LOCKING = 2
LOSSES_BEFORE_GIVING_UP = 6


class _LostRace(Exception):
    """Another buyer was faster: roll back and plan again."""


@dataclass
class Want:
    """Units of one locked order's lines that need goods.

    `waiting`: they are backordered now and stay so when nothing is found. Otherwise they were
    reserved: what is not found is backordered where the order allows that, else cancelled.
    """

    order: Order
    units: dict[int, int]  # by order line id
    waiting: bool
    avoiding: frozenset[int] = field(default_factory=frozenset)


def assign_units(wants: Sequence[Want], *, occasion: str, actor: Principal) -> None:
    """Reserve goods for these units, earlier wants first; backorder or cancel the rest.

    The orders must be locked. A fixed number of statements, however many orders.
    """
    losses = 0
    while True:
        try:
            with transaction.atomic():
                _assign(wants, occasion, actor, locked=losses >= LOSSES_BEFORE_LOCKING)
            return
        except _LostRace:
            losses += 1
            if losses > LOSSES_BEFORE_GIVING_UP:
                raise Conflict() from None


def _assign(wants: Sequence[Want], occasion: str, actor: Principal, *, locked: bool) -> None:
    at = timezone.now()
    wanted = {identity for want in wants for identity in want.units}
    lines = {
        line.pk: line for line in OrderLine.objects.filter(pk__in=wanted).select_related("sku")
    }
    by_channel = _read_availability(wants, lines, actor, locked=locked)
    made = _made_before(wants)
    plans: list[tuple[Want, Plan]] = []
    fulfilments: list[NewFulfilment] = []
    for want in wants:
        availability = by_channel[want.order.channel.code]
        mine = {lines[identity].line_id: lines[identity] for identity in want.units}
        plan = _plan(want, availability, mine, made[want.order.pk].suppliers)
        if want.waiting and not plan.allocations:
            continue
        for other in by_channel.values():
            other.take(plan)
        plans.append((want, plan))
        fulfilments += fulfilments_of_plan(
            plan,
            availability=availability,
            order_id=want.order.pk,
            number=want.order.number,
            line_ids={line_id: line.pk for line_id, line in mine.items()},
            after=made[want.order.pk].count,
            destination=destination_of(want.order.ship_to),
            at=at,
        )
    if not plans:
        return
    ids, written_at = take_ids_and_time(**ids_for_plans(plan for _, plan in plans))
    composed = compose_fulfilments(fulfilments, ids=ids, at=at, written_at=written_at)
    insert_rows(
        *composed.rows,
        receipt_rows([(want.order.pk, plan.receipt) for want, plan in plans], occasion, at=at),
    )
    events = _move_units(plans, lines, occasion, actor)
    publish(*_assigned(composed.documents, actor), *events)
    if not ledger.reserve(composed.reservations, actor=actor.name):
        raise _LostRace()


@dataclass
class _Made:
    """The fulfilments that an order has got: how many, and where the goods of those that were not
    given up come from."""

    count: int = 0
    suppliers: dict[tuple[str, str | None], set[str]] = field(default_factory=dict)


def _made_before(wants: Sequence[Want]) -> dict[int, _Made]:
    made = {want.order.pk: _Made() for want in wants}
    for order_id, type_, place, source, units in (
        Fulfilment.objects.filter(order__in=made)
        .annotate(units=Sum("lines__quantity", filter=~Q(state__in=GIVEN_UP)))
        .values_list("order_id", "type", "location__code", "source__code", "units")
    ):
        made[order_id].count += 1
        if units:
            group = (type_, place if type_ == PICKUP else None)
            made[order_id].suppliers.setdefault(group, set()).add(source or place)
    return made


def _plan(
    want: Want, availability: ChannelAvailability, mine: dict[str, OrderLine], suppliers: Suppliers
) -> Plan:
    places = availability.network.places
    demands = [
        Demand(
            line_id,
            line.sku.code,
            want.units[line.pk],
            line.fulfilment_type,
            places[line.location_id].code if line.location_id else None,
        )
        for line_id, line in mine.items()
    ]
    return availability.plan(
        demands,
        destination=destination_of(want.order.ship_to),
        # Units without goods are left over here; `_move_units` backorders or cancels them.
        policy=Policy(allow_split=want.order.allow_split, allow_backorder=True),
        avoiding=want.avoiding,
        suppliers=suppliers,
    )


def _read_availability(
    wants: Sequence[Want], lines: dict[int, OrderLine], actor: Principal, *, locked: bool
) -> dict[str, ChannelAvailability]:
    network = current_network()
    skus: dict[str, set[str]] = defaultdict(set)
    for want in wants:
        skus[want.order.channel.code] |= {lines[identity].sku.code for identity in want.units}
    ids = sorted({line.sku_id for line in lines.values()})
    end_stale_holds(actor=actor.name, sku_ids=ids)
    if locked:
        ledger.lock_skus(ids)
    return {
        channel: ChannelAvailability.read(
            network=network, source=network.channels[channel], skus=codes
        )
        for channel, codes in skus.items()
    }


def _move_units(
    plans: Sequence[tuple[Want, Plan]],
    lines: dict[int, OrderLine],
    occasion: str,
    actor: Principal,
) -> list[OutboxEvent]:
    """Move each unit to reserved, backordered or cancelled; return the events."""
    lost: dict[int, list[tuple[OrderLine, int]]] = defaultdict(list)
    waiting: dict[int, list[OrderLine]] = defaultdict(list)
    for want, plan in plans:
        for identity, units in want.units.items():
            line = lines[identity]
            missing = plan.backordered.get(line.line_id, 0)
            if want.waiting:
                line.backordered -= units - missing
                line.reserved += units - missing
            elif missing:
                line.reserved -= missing
                if want.order.allow_backorder:
                    line.backordered += missing
                    waiting[want.order.pk].append(line)
                else:
                    line.cancelled += missing
                    lost[want.order.pk].append((line, missing))
    OrderLine.objects.bulk_update(lines.values(), ["reserved", "backordered", "cancelled"])
    documents = order_documents([want.order.pk for want, _ in plans]) if lost or waiting else {}
    events: list[OutboxEvent] = []
    for want, _ in plans:
        order = want.order
        about = {"order": order.number, "actor": actor.name}
        document = documents.get(order.pk, {})
        named = {line["line_id"]: line for line in document.get("lines", [])}
        events += [
            OutboxEvent(
                "order.line_backordered",
                f"orders/{order.number}",
                {"order": order.number, "reason": occasion, **named[line.line_id]},
                **about,
            )
            for line in waiting[order.pk]
        ]
        if lost[order.pk]:
            events.append(order_cancelled(document, lost[order.pk], reason=occasion, actor=actor))
            events += cancellation_refund(
                order=order, units=lost[order.pk], reason=occasion, actor=actor
            )
            if document["state"] == "completed":  # the lost units were all that kept it open
                events.append(
                    OutboxEvent("order.completed", f"orders/{order.number}", document, **about)
                )
    return events


def _assigned(documents: Sequence[dict[str, object]], actor: Principal) -> list[OutboxEvent]:
    return [
        OutboxEvent(
            "fulfilment.assigned",
            f"fulfilments/{document['id']}",
            document,
            order=str(document["order"]),
            actor=actor.name,
        )
        for document in documents
    ]
