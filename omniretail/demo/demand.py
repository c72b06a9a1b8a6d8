"""Orders of the demo retailer: invoices of the extract, as orders of its channels."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import islice

from omniretail.demo.extract import Invoice, branches, small_invoices
from omniretail.demo.people import address, customer
from orders.choices import FulfilmentType
from orders.commands.placing.requests import LineRequest, OrderRequest
from orders.sourcing import Policy

SHIP, PICKUP = FulfilmentType.SHIP.value, FulfilmentType.PICKUP.value
SAME_DAY, CARRY_OUT = FulfilmentType.SAME_DAY.value, FulfilmentType.CARRY_OUT.value

# How one invoice after the other was sold: channel and hand-over.
ROUND = (
    *[("web", SHIP)] * 8,
    *[("web", PICKUP)] * 4,
    *[("pos", CARRY_OUT)] * 4,
    ("call_centre", SHIP),
    ("call_centre", PICKUP),
    ("marketplace", SHIP),
    ("marketplace", SHIP),
)
MOST_ORDERS = 240
SAME_DAY_ORDERS = (1, 41)  # both go to London, which has a courier


@cache
def demand() -> tuple[OrderRequest, ...]:
    """Return the orders in the order of time. The same ones every time."""
    chosen = islice(small_invoices(), MOST_ORDERS)
    return tuple(_order(turn, invoice) for turn, invoice in enumerate(chosen))


def _order(turn: int, invoice: Invoice) -> OrderRequest:
    # Steps of seven, so that neighbours are sold in different ways.
    channel, type_ = ROUND[turn * 7 % len(ROUND)]
    if turn in SAME_DAY_ORDERS:
        channel, type_ = "web", SAME_DAY
    location = _branch(turn, type_)
    buyer = customer(invoice.customer, invoice.number)
    at_till = type_ == CARRY_OUT
    return OrderRequest(
        channel=channel,
        external_id=f"{channel[0].upper()}-{invoice.number}",
        currency="GBP",
        customer=None if at_till and not invoice.customer else buyer,
        ship_to=None if location else _ship_to(turn, type_, buyer.name),
        payment_reference=f"PAY-{invoice.number}",
        lines=_lines(invoice, type_, location),
        policy=Policy(
            allow_split=turn % 11 != 0,
            allow_backorder=channel in ("web", "call_centre") and turn % 2 == 0,
            allow_partial=channel == "marketplace",
        ),
    )


def _branch(turn: int, type_: str) -> str | None:
    if type_ == CARRY_OUT:
        places: Sequence[str] = [branch.code for branch in branches()]
    elif type_ == PICKUP:
        places = [branch.code for branch in branches() if branch.pickup]
    else:
        return None
    return places[(turn + turn // len(ROUND)) % len(places)]


def _ship_to(turn: int, type_: str, name: str) -> dict[str, str]:
    return address(0 if type_ == SAME_DAY else turn * 13 + 5, name)


def _lines(invoice: Invoice, type_: str, location: str | None) -> tuple[LineRequest, ...]:
    return tuple(
        LineRequest(
            line_id=str(position),
            sku=line.sku,
            quantity=line.quantity,
            unit_price=line.unit_price,
            type=type_,
            location=location,
        )
        for position, line in enumerate(invoice.lines, start=1)
    )
