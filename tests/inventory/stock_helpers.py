"""Orders and carts for tests of the stock pool, and how they read answers and balances."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from core.outbox.models import Event
from inventory.models import (
    ExpectedDelivery,
    ExpectedDeliveryLine,
    Reservation,
    ReservationGroup,
    Stock,
    StockMovement,
    Transfer,
    TransferLine,
)
from tests.conftest import ApiCaller
from tests.factories import CartBody, OrderBody, OrderLineBody

# What is no number of units in any body.
NO_QUANTITIES = [0, -1, 1_000_001, 10**30, 1.5, "3", True, None, [1], {"units": 1}]


def order(api: ApiCaller, external_id: str, units: int, *, sku: str = "A1", **more: Any) -> str:
    """Place an order that must succeed; return its number."""
    answer = api.post(
        "orders",
        OrderBody(
            external_id=external_id,
            lines=[OrderLineBody(sku=sku, quantity=units, unit_price="1.00")],
        )
        | more,
    )
    assert answer.status_code == 201, answer.content
    return answer.json()["number"]


def cart(*lines: tuple[Any, ...], **more: Any) -> dict[str, Any]:
    """Return the body that reserves (SKU, units) or (SKU, units, location)."""
    names = ("sku", "quantity", "location")
    return (
        CartBody(reference="cart-1", lines=[dict(zip(names, line, strict=False)) for line in lines])
        | more
    )


def hold(api: ApiCaller, *lines: tuple[Any, ...], **more: Any) -> str:
    """Reserve for a cart, which must succeed; return the reservation's id."""
    answer = api.post("reservations", cart(*lines, **more))
    assert answer.status_code == 201, answer.content
    return answer.json()["id"]


def expire_cart(reservation: str) -> None:
    """Let a cart's time be over: no test waits for it."""
    over = datetime.now(UTC) - timedelta(seconds=1)
    Reservation.objects.filter(group=reservation, state="held").update(expires_at=over)
    ReservationGroup.objects.filter(pk=reservation).update(expires_at=over)


@contextmanager
def nothing_written() -> Iterator[None]:
    """Fail when the block leaves a row in any table of the stock pool, or an event."""
    before = _sizes()
    yield
    assert _sizes() == before


def _sizes() -> dict[str, int]:
    kinds = [
        Stock,
        StockMovement,
        Reservation,
        ReservationGroup,
        Transfer,
        TransferLine,
        ExpectedDelivery,
        ExpectedDeliveryLine,
        Event,
    ]
    return {kind.__name__: kind._default_manager.count() for kind in kinds}


def balances(sku: str, location: str) -> tuple[int, int, int]:
    """Return (on_hand, reserved, unavailable) of a row; zeros when there is none."""
    row = Stock.objects.filter(sku__code=sku, location__code=location).first()
    return (row.on_hand, row.reserved, row.unavailable) if row else (0, 0, 0)


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    """Return the problem document of an answer that must be this refusal."""
    document = answer.json()
    assert (answer.status_code, document.get("code")) == (status, code), document
    return document


def pointers(answer: Any) -> dict[str, str]:
    """Return what a 400 points at, with the codes."""
    document = problem(answer, 400, "validation_error")
    return {error["pointer"]: error["code"] for error in document["errors"]}
