"""Placing orders and taking fulfilments step by step through the API, and what the pool says."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

from django.db.models import F, Sum
from django.utils import timezone

from core.outbox.models import Event
from inventory.models import Reservation, Stock, StockMovement
from orders.models import Fulfilment, FulfilmentLine, OrderLine
from tests.conftest import ApiCaller, make_caller
from tests.factories import OrderBody, OrderLineBody

_numbers = itertools.count(1)


def place(api: ApiCaller, *lines: tuple[str, int], **more: Any) -> dict[str, Any]:
    """Place an order of (SKU, units) to be shipped; with `pickup_at`, to be collected there."""
    pickup_at = more.pop("pickup_at", None)
    way = {"type": "pickup", "location": pickup_at} if pickup_at else {"type": "ship"}
    answer = api.post(
        "orders",
        OrderBody(
            external_id=f"order-{next(_numbers)}",
            lines=[
                OrderLineBody(line_id=str(position), sku=sku, quantity=units, fulfilment=way)
                for position, (sku, units) in enumerate(lines, start=1)
            ],
        )
        | more,
    )
    assert answer.status_code == 201, answer.content
    return answer.json()


def step(api: ApiCaller, code: str, action: str, body: Any = None) -> dict[str, Any]:
    """Take one step of a fulfilment that must succeed; return the fulfilment."""
    answer = api.post(f"fulfilments/{code}/{action}", body)
    assert answer.status_code == 200, answer.content
    return answer.json()


def show_pass(code: str) -> Any:
    """Answer as the shop's site asks: who hands over cannot."""
    return make_caller(["pickup:pass"]).get(f"fulfilments/{code}/pickup-pass")


def end_waiting(*codes: str) -> None:
    """Set the time of these pickups, or of all, back beyond any closure."""
    rows = Fulfilment.objects.filter(code__in=codes) if codes else Fulfilment.objects.all()
    rows.update(pickup_expires_at=timezone.now() - timedelta(days=20))


def refused(answer: Any, status: int, code: str) -> dict[str, Any]:
    """Return the problem of an answer that must be this refusal."""
    problem = answer.json()
    assert (answer.status_code, problem.get("code")) == (status, code), problem
    return problem


def units(*pairs: tuple[str, int]) -> dict[str, Any]:
    return {"lines": [{"line_id": line_id, "quantity": quantity} for line_id, quantity in pairs]}


def stock(sku: str, location: str) -> tuple[int, int, int]:
    """Return (on_hand, reserved, unavailable) of one row."""
    row = Stock.objects.get(sku__code=sku, location__code=location)
    return row.on_hand, row.reserved, row.unavailable


def events(order: str) -> list[str]:
    """Return the types of what was told about an order, in its order."""
    return list(Event.objects.filter(order=order).order_by("id").values_list("type", flat=True))


def assert_laws_hold() -> None:
    """Check balances against the ledger, `reserved` against reservations, orders against both."""
    for row in Stock.objects.all():
        moved = StockMovement.objects.filter(sku=row.sku_id, location=row.location_id).aggregate(
            on_hand=Sum("on_hand_delta"),
            reserved=Sum("reserved_delta"),
            unavailable=Sum("unavailable_delta"),
        )
        assert moved == {
            "on_hand": row.on_hand,
            "reserved": row.reserved,
            "unavailable": row.unavailable,
        }
        live = Reservation.objects.filter(
            sku=row.sku_id, location=row.location_id, state__in=["held", "confirmed"]
        ).aggregate(units=Sum("quantity"))["units"]
        assert (live or 0) == row.reserved
    for line in OrderLine.objects.all():
        held = FulfilmentLine.objects.filter(order_line=line).aggregate(
            held=Sum(F("quantity") - F("fulfilled")), gone=Sum("fulfilled")
        )
        assert (held["held"] or 0, held["gone"] or 0) == (line.reserved, line.fulfilled)
