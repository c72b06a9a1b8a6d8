"""Returns as the API shows them, and the units that may come back."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import (
    F,
    IntegerField,
    Max,
    OuterRef,
    Prefetch,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Coalesce

from core.access.principal import Principal
from core.database.updated_at import exact_text
from inventory.choices import Condition
from inventory.queries.transfers import sent_in_condition
from inventory.timestamps import as_text
from orders.choices import Disposition, DropOff, Resolution, ReturnState
from orders.models import FulfilmentLine, Order, OrderLine, Return, ReturnLine, ReturnReceiptLine
from orders.money import format_amount
from orders.queries.exchanges import Budget, budget_of
from orders.returns_policy import Expected, Inspected, Sold
from orders.transitions import return_actions
from stores.queries.network import location_ids

# Returns whose announced units are still on their way.
UNFINISHED = (ReturnState.REQUESTED, ReturnState.AUTHORISED, ReturnState.RECEIVED)


def takeable_returns(actor: Principal) -> QuerySet[Return]:
    """Return those of which an actor may take goods in: what was announced on a site, or to
    another shop, may come to any till."""
    return Return.objects.visible_to(actor) if actor.locations is None else Return.objects.all()


def decidable_returns(actor: Principal) -> QuerySet[Return]:
    """Return those whose goods an actor may decide on: for a shop what it got, of any channel."""
    if actor.locations is None:
        return Return.objects.visible_to(actor)
    return Return.objects.filter(Return.is_at(location_ids(actor.locations)))


def endable_returns(actor: Principal) -> QuerySet[Return]:
    """Return those that an actor may close, cancel or turn into money: what it sees, and for a
    shop only what comes or came to it."""
    rows = Return.objects.visible_to(actor)
    if actor.locations is None:
        return rows
    return rows.filter(Return.is_at(location_ids(actor.locations)))


def sold_lines(order_id: int) -> list[Sold]:
    """Return the lines of an order with the units that left, came back and were announced."""
    announced = (
        ReturnLine.objects.filter(order_line=OuterRef("pk"), ret__state__in=UNFINISHED)
        .order_by()
        .values("order_line")
        .annotate(units=Sum(F("quantity") - F("received") - F("missing")))
        .values("units")
    )
    left = (
        FulfilmentLine.objects.filter(order_line=OuterRef("pk"), fulfilled__gt=0)
        .order_by()
        .values("order_line")
        .annotate(at=Max(Coalesce("fulfilment__finished_at", "fulfilment__created_at")))
        .values("at")
    )
    rows = (
        OrderLine.objects.filter(order=order_id)
        .order_by("id")
        .annotate(
            announced=Coalesce(Subquery(announced), Value(0), output_field=IntegerField()),
            left_at=Subquery(left),
        )
        .values_list(
            "id", "line_id", "sku_id", "sku__code", "fulfilled", "returned", "announced", "left_at"
        )
    )  # fmt: skip
    return [Sold(*row) for row in rows]


def expected_lines(ret: Return) -> list[Expected]:
    """Return the lines of a return with the units that have neither come nor gone missing."""
    return [
        Expected(
            id=line.pk,
            sold_id=line.order_line_id,
            line_id=line.order_line.line_id if line.order_line else None,
            sku=line.sku.code,
            outstanding=line.quantity - line.received - line.missing,
        )
        for line in ret.lines.select_related("sku", "order_line").order_by("id")
    ]


def inspected_units(ret: Return) -> list[Inspected]:
    """Return the units of a return that wait for a decision, in the order of their arrival."""
    rows = list(
        ReturnReceiptLine.objects.filter(
            line__ret=ret, disposition=Disposition.INSPECT, quantity__gt=F("moved_on")
        )
        .select_related("line__sku", "line__order_line", "location")
        .order_by("id")
    )
    sent = sent_in_condition({row.line.sku_id for row in rows}, Condition.INSPECTION)
    return [
        Inspected(
            id=row.pk,
            line_id=row.line.order_line.line_id if row.line.order_line else None,
            sku=row.line.sku.code,
            location=row.location.code,
            waiting=row.quantity - row.moved_on,
            elsewhere=_reached(row.location.code, sent.get(row.line.sku_id, ())),
        )
        for row in rows
    ]


def _reached(start: str, ways: Collection[tuple[str, str]]) -> frozenset[str]:
    """Return the locations to which goods may have gone on from one, by these ways."""
    reached: set[str] = set()
    fresh = {start}
    while fresh:
        fresh = {to for origin, to in ways if origin in fresh} - reached
        reached |= fresh
    return frozenset(reached)


def return_documents(identities: Iterable[int]) -> dict[int, dict[str, Any]]:
    """Return the documents of these returns by database id, in five queries however many."""
    rows = (
        Return.objects.filter(pk__in=list(identities))
        .select_related("order", "channel", "drop_off_location")
        .prefetch_related(Prefetch("lines", ReturnLine.objects.select_related("sku", "order_line")))
        .prefetch_related(
            Prefetch("lines__receipts", ReturnReceiptLine.objects.select_related("location"))
        )
        .prefetch_related(
            Prefetch(
                "exchanges",
                Order.objects.only("number", "exchange_of")
                .order_by("pk")
                .prefetch_related("lines"),
            )
        )
    )
    return {row.pk: compose_return(row) for row in rows}


def return_document(identity: int) -> dict[str, Any]:
    """Return the document of one return as the database has it now."""
    return return_documents([identity])[identity]


def compose_return(ret: Return) -> dict[str, Any]:
    """Compose the document of one return whose lines and receipts are loaded."""
    lines = sorted(ret.lines.all(), key=lambda line: line.pk)
    budget = budget_of(ret, lines)
    document: dict[str, Any] = {
        "id": str(ret.pk),
        "order": ret.order.number if ret.order else None,
        "channel": ret.channel.code,
        "state": ret.state,
        "resolution": ret.resolution,
        "drop_off": {
            "type": ret.drop_off,
            "location": ret.drop_off_location.code if ret.drop_off_location else None,
        },
        "blind": ret.blind,
        "lines": [_compose_line(line) for line in lines],
        "refund": _compose_refund(ret, budget),
        "exchanges": [order.number for order in ret.exchanges.all()],
        "unspent": budget.left() if ret.resolution == Resolution.EXCHANGE else None,
        "allowed_actions": _allowed_actions(ret, lines),
        "created_at": as_text(ret.created_at),
        "closed_at": as_text(ret.closed_at),
        "updated_at": exact_text(ret.updated_at),
    }
    if ret.drop_off == DropOff.PARCEL and ret.state != ReturnState.CANCELLED:
        document["label_url"] = f"/api/v1/returns/{ret.pk}/label"
    return document


def _compose_line(line: ReturnLine) -> dict[str, Any]:
    receipts = sorted(line.receipts.all(), key=lambda row: row.pk)
    return {
        "line_id": line.order_line.line_id if line.order_line else None,
        "sku": line.sku.code,
        "quantity": line.quantity,
        "reason": line.reason,
        "received": line.received,
        "missing": line.missing,
        # Inspected units appear under their decided disposition, once there is one.
        "receipts": [
            {
                "location": row.location.code,
                "quantity": row.quantity - row.moved_on,
                "disposition": row.disposition,
            }
            for row in receipts
            if row.quantity > row.moved_on
        ],
    }


def _compose_refund(ret: Return, budget: Budget) -> dict[str, Any]:
    """Return the refunds requested so far, for received units that no exchange has taken.

    Without an order no price is known: the amount is null, and the refunding system decides it.
    """
    given = bool(budget.units_left or budget.value_left)
    asked = ret.resolution != Resolution.EXCHANGE and given
    if ret.order is None:
        return {"amount": None, "currency": None, "requested": asked}
    amount = budget.value_left or 0
    return {
        "amount": format_amount(amount if asked else 0, ret.order.currency),
        "currency": ret.order.currency,
        "requested": asked,
    }


def _allowed_actions(ret: Return, lines: list[ReturnLine]) -> list[str]:
    """Return the actions of the state for which there are units."""
    waits = is_inspecting(lines)
    closed_to = {"close"} if waits else {"dispose"}
    possible = return_actions(ret.state, exchange=ret.resolution == Resolution.EXCHANGE)
    return [action for action in possible if action not in closed_to]


def is_inspecting(lines: Iterable[ReturnLine]) -> bool:
    """Say whether units of these lines wait for a decision."""
    return any(
        row.disposition == Disposition.INSPECT and row.quantity > row.moved_on
        for line in lines
        for row in line.receipts.all()
    )
