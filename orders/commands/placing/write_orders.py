"""Writing accepted orders: uncontended rows first, the stock last."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone

from core.access.principal import Principal
from core.database.bulk_insert import Table, hex_of, insert_rows, take_ids_and_time
from core.outbox.events import OutboxEvent, event_rows
from inventory import ledger
from inventory.choices import Reason, ReservationState
from inventory.commands.change import StockChange
from inventory.commands.till import record_till_sale
from inventory.ledger import Part
from orders.choices import FulfilmentType
from orders.commands.placing.allocations import NewFulfilment, compose_fulfilments, receipt_rows
from orders.commands.placing.customers import find_or_make, key_of
from orders.commands.placing.plan_units import (
    ChannelAvailability,
    fulfilments_of_plan,
    ids_for_plans,
)
from orders.commands.placing.promises import destination_of
from orders.commands.placing.requests import OrderRequest
from orders.queries.documents import compose_order
from orders.sourcing import Plan

ORDERS = Table.of(
    "orders_order",
    # Waits for a concurrent request that places the same external id.
    on_conflict="ON CONFLICT (channel_id, external_id) DO NOTHING",
    id="bigint",
    number="text",
    channel_id="bigint",
    external_id="text",
    fingerprint="bytea",
    currency="text",
    customer_id="bigint",
    ship_to="jsonb",
    cart="uuid",
    payment_reference="text",
    note="text",
    allow_split="boolean",
    allow_backorder="boolean",
    allow_partial="boolean",
    exchange_of_id="bigint",
    placed_at="timestamptz",
    updated_at="timestamptz",
)
LINES = Table.of(
    "orders_orderline",
    id="bigint",
    order_id="bigint",
    line_id="text",
    sku_id="bigint",
    product_reference="text",
    unit_price="numeric",
    fulfilment_type="text",
    location_id="bigint",
    ordered="int",
    cancelled="int",
    reserved="int",
    backordered="int",
    fulfilled="int",
    returned="int",
)
FIRST_NUMBER = 100_000  # numbers have six digits from the first order on


class LostRace(Exception):
    """Another buyer was faster, or stock must be locked first: roll back and plan again."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A request whose plan covers it. A `fact` has till sales that the record may not cover;
    `fingerprint` is that of the order as it was sent."""

    index: int
    request: OrderRequest
    plan: Plan
    availability: ChannelAvailability
    fingerprint: Callable[[], bytes]
    fact: bool = False

    def occurred_at(self, now: datetime) -> datetime | None:
        """Return when its goods were carried out, which a fast clock may have put after now."""
        at = self.request.occurred_at
        return min(at, now) if isinstance(at, datetime) else None


@dataclass(frozen=True, slots=True)
class Written:
    """Documents of the orders by index, and what their till sales did to other promises."""

    documents: dict[int, dict[str, Any]] = field(default_factory=dict)
    changes: Sequence[StockChange] = ()


def write_orders(accepted: Sequence[Accepted], *, actor: Principal) -> Written:
    """Write orders and take their stock.

    For facts all rows of their SKUs must be open and locked, and the caller settles the changes.
    Raises `LostRace` when the stock is no longer what the plan saw, or when another request
    has placed one of them meanwhile; the caller then rolls back to its savepoint.
    """
    if not accepted:
        return Written()
    at = timezone.now()
    ids, written_at = take_ids_and_time(
        orders_order=len(accepted),
        orders_orderline=sum(len(item.request.lines) for item in accepted),
        **ids_for_plans(item.plan for item in accepted),
    )
    numbers = [str(FIRST_NUMBER + identity) for identity in ids["orders_order"]]
    customers = find_or_make([i.request.customer for i in accepted if i.request.customer])
    line_ids = iter(ids["orders_orderline"])
    orders, lines, fulfilments = [], [], []
    for item, identity, number in zip(accepted, ids["orders_order"], numbers, strict=True):
        customer = item.request.customer
        customer_id = customers.get(key_of(customer)) if customer else None
        orders.append(_order_row(item, identity, number, customer_id, at, written_at))
        mine = [_line_row(item, line, next(line_ids), identity) for line in item.request.lines]
        lines.append(mine)
        fulfilments.append(
            fulfilments_of_plan(
                item.plan,
                availability=item.availability,
                order_id=identity,
                number=number,
                line_ids={row["line_id"]: row["id"] for row in mine},
                after=0,
                destination=destination_of(item.request.ship_to),
                at=at,
                occurred_at=item.occurred_at(at),
                fact=item.fact,
            )
        )
    composed = compose_fulfilments(
        [each for group in fulfilments for each in group], ids=ids, at=at, written_at=written_at
    )
    documents = _compose(orders, lines, fulfilments, composed.documents)
    inserted, *_ = insert_rows(
        # In one order: two sets that place the same orders never wait for each other.
        (ORDERS, sorted(orders, key=_name)),
        (LINES, [row for rows in lines for row in rows]),
        *composed.rows,
        receipt_rows(
            [(row["id"], item.plan.receipt) for row, item in zip(orders, accepted, strict=True)],
            "placed",
            at=at,
        ),
        event_rows(_events(documents, actor)),
    )
    if inserted < len(orders):
        raise LostRace()
    # From here on contended rows are locked: only the commit may follow.
    if not ledger.reserve(composed.reservations, actor=actor.name):
        raise LostRace()
    ledger.close_reservations(
        [Part(row.reservation_id, row.quantity) for row in composed.carried_out],
        state=ReservationState.CONSUMED,
        reason=Reason.CARRIED_OUT,
        actor=actor.name,
        leaves=True,
    )
    changes = [record_till_sale(sale=sale, actor=actor) for sale in composed.sales]
    return Written(
        {item.index: document for item, document in zip(accepted, documents, strict=True)}, changes
    )


def _name(order: Mapping[str, Any]) -> tuple[int, str]:
    return order["channel_id"], order["external_id"]


def _order_row(
    item: Accepted,
    identity: int,
    number: str,
    customer_id: int | None,
    at: datetime,
    written_at: datetime,
) -> dict[str, Any]:
    request = item.request
    return {
        "id": identity,
        "number": number,
        "channel_code": request.channel,
        "channel_id": item.availability.source.id,
        "external_id": request.external_id,
        "fingerprint": hex_of(item.fingerprint()),
        "currency": request.currency,
        "customer_id": customer_id,
        "ship_to": request.ship_to,
        "cart": request.reservation_id,
        "payment_reference": request.payment_reference,
        "note": request.note,
        "allow_split": request.policy.allow_split,
        "allow_backorder": request.policy.allow_backorder,
        "allow_partial": request.policy.allow_partial,
        "exchange_of_id": int(request.exchange_of) if request.exchange_of else None,
        "placed_at": item.occurred_at(at) or at,
        "updated_at": written_at,
    }


def _line_row(item: Accepted, line: Any, identity: int, order_id: int) -> dict[str, Any]:
    backordered = item.plan.backordered.get(line.line_id, 0)
    cancelled = item.plan.unmet.get(line.line_id, 0)
    had = line.quantity - backordered - cancelled
    gone = line.type == FulfilmentType.CARRY_OUT
    place = item.availability.network.by_code[line.location] if line.location else None
    return {
        "id": identity,
        "order_id": order_id,
        "line_id": line.line_id,
        "sku_id": item.availability.snapshot.sku_ids[line.sku],
        "sku_code": line.sku,
        "product_reference": line.product_reference,
        "unit_price": line.unit_price,
        "fulfilment_type": line.type,
        "location_id": place.id if place else None,
        "location_code": line.location,
        "ordered": line.quantity,
        "cancelled": cancelled,
        "reserved": 0 if gone else had,
        "backordered": backordered,
        "fulfilled": had if gone else 0,
        "returned": 0,
    }


def _compose(
    orders: Sequence[dict[str, Any]],
    lines: Sequence[list[dict[str, Any]]],
    fulfilments: Sequence[list[NewFulfilment]],
    composed: Sequence[dict[str, Any]],
) -> list[dict[str, Any]]:
    documents = []
    left = iter(composed)
    for order, rows, group in zip(orders, lines, fulfilments, strict=True):
        documents.append(compose_order(order, rows, [next(left) for _ in group]))
    return documents


def _events(documents: Sequence[dict[str, Any]], actor: Principal) -> list[OutboxEvent]:
    events = []
    for document in documents:
        number = document["number"]
        about = {"order": number, "actor": actor.name}
        events.append(OutboxEvent("order.placed", f"orders/{number}", document, **about))
        events += [
            OutboxEvent("fulfilment.assigned", f"fulfilments/{each['id']}", each, **about)
            for each in document["fulfilments"]
        ]
        events += [
            OutboxEvent(
                "order.line_backordered", f"orders/{number}", {"order": number, **line}, **about
            )
            for line in document["lines"]
            if line["backordered"]
        ]
        if document["state"] == "completed":
            events.append(OutboxEvent("order.completed", f"orders/{number}", document, **about))
    return events
