"""Settling orders after a change of stock: broken promises, and backorders to fill."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django.db.models.functions import Now

from core.access.principal import Principal
from core.outbox.events import OutboxEvent, publish
from inventory.commands.change import StockChange
from inventory.ledger import Broken
from orders.choices import FulfilmentState
from orders.commands.fulfilment.set_aside import Freed, set_aside
from orders.commands.fulfilment.ship_to_store import adapt_transfers
from orders.commands.settling.backorders import fill_backorders
from orders.commands.settling.resourcing import source_again
from orders.models import Fulfilment, FulfilmentLine
from orders.models.fulfilment import UNFINISHED
from orders.queries.documents import fulfilment_documents


def settle(*, change: StockChange, orders: Collection[int], actor: Principal) -> None:
    """Source broken reservations again and fill backorders, in the caller's transaction.

    `orders` are the ids of those that are locked: of broken promises all, of backorders those to be
    filled now. Stock is locked by now, so others are left to the next sweep.
    """
    if change.broken:
        mend_broken(change.broken, cause=change.cause, actor=actor)
    if change.more and orders:
        fill_backorders(sku_ids=change.more, among=orders, actor=actor)


def mend_broken(broken: Sequence[Broken], *, actor: Principal, cause: str = "") -> None:
    """Take missing units out of their fulfilments and source them elsewhere.

    Their orders, and all rows of their SKUs, are locked. `cause` names the act that found them
    missing, for the order's timeline.
    """
    parts = {part.reservation_id: part for part in broken}
    owners = FulfilmentLine.objects.filter(reservation__in=parts)
    named = owners.select_related(
        "fulfilment__order", "fulfilment__location", "fulfilment__source", "order_line__sku"
    )
    lines = list(named.order_by("pk"))
    for line in lines:
        units = parts[line.reservation_id].quantity
        line.arrived -= min(line.arrived, units)  # of a box in transit, the arrived part broke
        line.shrink_to(line.quantity - units)
        if in_hand := parts[line.reservation_id].in_hand:
            # The box may hold what the record says is not there: it must be opened.
            freed = Freed(line, loose=0, in_hand=in_hand)
            place = parts[line.reservation_id].location_id
            set_aside(line.fulfilment, [freed], location_id=place)
    FulfilmentLine.objects.bulk_update(lines, ["quantity", "picked", "arrived"])
    publish(*(_broken_event(line, parts[line.reservation_id], cause, actor) for line in lines))
    touched = {line.fulfilment_id for line in lines}
    end_emptied(touched, reason="claim_broken", actor=actor)
    adapt_transfers(touched, actor=actor)
    # Together, as far as they are of one fulfilment: an order that is not to be split would send
    # the first line where the second cannot follow.
    together: dict[tuple[str, int], list[tuple[int, int]]] = {}
    for line in lines:
        part = parts[line.reservation_id]
        wants = together.setdefault((line.fulfilment.code, part.location_id), [])
        wants.append((line.order_line_id, part.quantity))
    for (code, location_id), wants in together.items():
        source_again(
            wants=wants,
            avoiding=frozenset({location_id}),
            occasion=f"{cause} found fewer" if cause else f"reservation broken at {code}",
            actor=actor,
        )


def end_emptied(identities: Collection[int], *, reason: str, actor: Principal) -> None:
    """End fulfilments whose goods are all missing, and publish them."""
    publish(
        *(
            OutboxEvent(
                "fulfilment.rejected",
                f"fulfilments/{document['id']}",
                {**document, "reason": reason},
                order=document["order"],
                actor=actor.name,
            )
            for document in close_empty(identities)
        )
    )


def close_empty(
    identities: Collection[int], *, state: FulfilmentState = FulfilmentState.REJECTED
) -> list[dict[str, Any]]:
    """End unfinished fulfilments without units left; return their documents.

    One that has handed over a part is `collected`; one that has not gets `state`.
    """
    ended: dict[str, list[int]] = {}
    for fulfilment in Fulfilment.objects.filter(
        pk__in=identities, state__in=UNFINISHED
    ).prefetch_related("lines"):
        lines = fulfilment.lines.all()
        if all(line.quantity == line.fulfilled for line in lines):
            gone = any(line.fulfilled for line in lines)
            ended.setdefault(FulfilmentState.COLLECTED if gone else state, []).append(fulfilment.pk)
    for final, emptied in ended.items():
        Fulfilment.objects.filter(pk__in=emptied).update(state=final, finished_at=Now())
    return list(fulfilment_documents([pk for emptied in ended.values() for pk in emptied]).values())


def _broken_event(line: FulfilmentLine, part: Broken, cause: str, actor: Principal) -> OutboxEvent:
    fulfilment, order = line.fulfilment, line.fulfilment.order.number
    in_shop = part.location_id == fulfilment.location_id
    return OutboxEvent(
        "reservation.broken",
        f"fulfilments/{fulfilment.code}",
        {
            "order": order,
            "fulfilment": fulfilment.code,
            "location": (fulfilment.location if in_shop else fulfilment.building).code,
            "cause": cause,
            "line_id": line.order_line.line_id,
            "sku": line.order_line.sku.code,
            "quantity": part.quantity,
        },
        order=order,
        actor=actor.name,
    )
