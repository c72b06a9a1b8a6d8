"""Shared by all steps of a fulfilment: lock, look up its lines, move units, publish."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from core.access.principal import Principal
from core.outbox.events import OutboxEvent, publish
from core.problems.catalogue import NotFound, ValidationFailed
from inventory import ledger
from inventory.choices import Grip, ReservationState
from inventory.ledger import Part
from orders.choices import OrderState
from orders.commands.locks import lock_orders
from orders.errors import ReservationBroken
from orders.models import Fulfilment, FulfilmentLine
from orders.queries.documents import fulfilment_documents, order_documents
from orders.queries.fulfilments import (
    counter_fulfilments,
    workable_fulfilments,
)


def lock_fulfilment(*, code: str, actor: Principal, at_counter: bool = False) -> Fulfilment:
    """Lock a fulfilment's order, then the fulfilment; `NotFound` when the actor may not see it.

    The actor must work where the goods are picked, or `at_counter` in the shop.
    Every change to an order's units locks the order, so that a cancellation and a shipment of
    the same units cannot both happen.
    """
    return _lock(counter_fulfilments(actor) if at_counter else workable_fulfilments(actor), code)


def lock_visible(*, code: str, actor: Principal) -> Fulfilment:
    """Lock as `lock_fulfilment`, for an actor who sees it, at whichever of its buildings."""
    return _lock(Fulfilment.objects.visible_to(actor), code)


def lock_where_goods_are(*, code: str, actor: Principal) -> Fulfilment:
    """Lock as `lock_fulfilment`, for an actor of the building in which the goods are now."""
    fulfilment = lock_visible(code=code, actor=actor)
    if not actor.sees_location(fulfilment.goods_at.code):
        raise NotFound("There is no such fulfilment.")
    return fulfilment


def _lock(mine: QuerySet[Fulfilment], code: str) -> Fulfilment:
    seen = mine.filter(code=code).values_list("order_id", flat=True).first()
    if seen is None:
        raise NotFound("There is no such fulfilment.")
    lock_orders({seen})
    return (
        Fulfilment.objects.select_for_update(of=("self",), no_key=True)
        .select_related("order", "location", "source")
        .get(code=code)
    )


def lines_of(fulfilment: Fulfilment) -> list[FulfilmentLine]:
    """Return the lines in their order, with order line, SKU and reservation."""
    return list(fulfilment.lines.select_related("order_line__sku").order_by("id"))


def find_lines(lines: Sequence[FulfilmentLine], line_ids: Sequence[str]) -> list[FulfilmentLine]:
    """Return the lines that a body names, in its order; `ValidationFailed` for unknown ones."""
    by_line_id = {line.order_line.line_id: line for line in lines}
    unknown = [index for index, line_id in enumerate(line_ids) if line_id not in by_line_id]
    if unknown:
        raise ValidationFailed(
            [
                {
                    "pointer": f"/lines/{index}/line_id",
                    "detail": "This fulfilment has no such line.",
                    "code": "unknown_line",
                }
                for index in unknown
            ]
        )
    return [by_line_id[line_id] for line_id in line_ids]


def sum_units(
    lines: Sequence[FulfilmentLine], given: Sequence[tuple[str, int]]
) -> dict[FulfilmentLine, int]:
    """Sum (line_id, units) per line: a repeated line is summed."""
    units: dict[FulfilmentLine, int] = {}
    found = find_lines(lines, [line_id for line_id, _ in given])
    for line, (_, quantity) in zip(found, given, strict=True):
        units[line] = units.get(line, 0) + quantity
    return units


def save_step(fulfilment: Fulfilment, *fields: str) -> None:
    """Write the changed fields of a locked fulfilment as its next version."""
    fulfilment.version += 1
    fulfilment.save(update_fields=["version", *fields])


def subject_of(fulfilment: Fulfilment) -> str:
    return f"fulfilments/{fulfilment.code}"


def publish_fulfilments(
    type: str, fulfilments: Iterable[Fulfilment], *, actor: Principal, **more: Mapping[int, Any]
) -> None:
    """Publish one event per fulfilment: its document, and `more` members by fulfilment id."""
    fulfilments = list(fulfilments)
    documents = fulfilment_documents([fulfilment.pk for fulfilment in fulfilments])
    publish(
        *(
            OutboxEvent(
                type=type,
                subject=subject_of(fulfilment),
                data=documents[fulfilment.pk]
                | {name: values[fulfilment.pk] for name, values in more.items()},
                order=documents[fulfilment.pk]["order"],
                actor=actor.name,
            )
            for fulfilment in fulfilments
        )
    )


def publish_completed(order_ids: Iterable[int], *, actor: Principal) -> None:
    """Publish `order.completed` for orders of which all units not cancelled have left."""
    publish(
        *(
            OutboxEvent(
                type="order.completed",
                subject=f"orders/{document['number']}",
                data=document,
                order=document["number"],
                actor=actor.name,
            )
            for document in order_documents(sorted(set(order_ids))).values()
            if document["state"] == OrderState.COMPLETED
        )
    )


def move_reserved(units: Mapping[int, int], *, into: str) -> None:
    """Move units of order lines (by id) from `reserved` into `fulfilled` or `cancelled`."""
    assert into in ("fulfilled", "cancelled")
    with connection.cursor() as cursor:
        cursor.execute(
            f"""UPDATE orders_orderline l
                SET reserved = l.reserved - u.units, {into} = l.{into} + u.units
                FROM unnest(%s::bigint[], %s::int[]) AS u(id, units) WHERE l.id = u.id""",
            [list(units), list(units.values())],
        )


def grip_goods(lines: Iterable[FulfilmentLine], *, secured: bool = False) -> None:
    """Tell the ledger which units of these lines are in hand: those picked, or `secured` all.

    Locks their Stock rows: call it after all else is written.
    """
    ledger.set_grip(
        {
            line.reservation_id: (line.quantity if secured else line.picked) - line.fulfilled
            for line in lines
        },
        Grip.SECURED if secured else Grip.PICKED,
    )


def end_reservations(
    units: Mapping[FulfilmentLine, int],
    *,
    state: ReservationState,
    reason: str,
    actor: Principal,
    leaves: bool = False,
    goes_missing: bool = False,
) -> None:
    """End the reservations of these units; `ReservationBroken` when a count has just broken one."""
    closed = ledger.close_reservations(
        [Part(line.reservation_id, quantity) for line, quantity in units.items()],
        state=state,
        reason=reason,
        actor=actor.name,
        leaves=leaves,
        goes_missing=goes_missing,
    )
    if not closed:
        raise ReservationBroken()
