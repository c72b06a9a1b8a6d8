"""Composing the fulfilments of an order, with their lines and their reservations.

Used by placing, sourcing again and filling backorders.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.database.bulk_insert import Rows, Table
from inventory.commands.till import TillSale
from inventory.ledger import NewReservation
from orders.choices import FulfilmentState, FulfilmentType
from orders.queries.documents import compose_fulfilment
from stores.queries.network import Place

FULFILMENTS = Table.of(
    "orders_fulfilment",
    id="bigint",
    code="text",
    order_id="bigint",
    location_id="bigint",
    source_id="bigint",
    type="text",
    state="text",
    promise="jsonb",
    accepted_by="text",
    bay="text",
    carrier="text",
    tracking_number="text",
    wrong_codes="int",
    created_at="timestamptz",
    finished_at="timestamptz",
    updated_at="timestamptz",
)
FULFILMENT_LINES = Table.of(
    "orders_fulfilmentline",
    id="bigint",
    fulfilment_id="bigint",
    order_line_id="bigint",
    reservation_id="bigint",
    quantity="int",
    picked="int",
    fulfilled="int",
)
RECEIPTS = Table.of(
    "orders_sourcingreceipt",
    order_id="bigint",
    occasion="text",
    receipt="json",
    decided_at="timestamptz",
)


@dataclass(frozen=True, slots=True)
class NewFulfilmentLine:
    """Units of one order line. `fenced` units of the stock row belong to other channels."""

    order_line_id: int
    line_id: str
    sku_id: int
    sku: str
    quantity: int
    fenced: int


@dataclass(frozen=True, slots=True)
class NewFulfilment:
    """One location's part of one order; `ordinal` counts the order's fulfilments.

    `source` is the building whose goods are brought to `place` first; None: they are there.
    `occurred_at` is when goods were carried out; None: now. A till sale that the record does not
    cover is a `fact`: it is recorded all the same.
    """

    order_id: int
    number: str
    ordinal: int
    place: Place
    type: str
    promise: dict[str, str | None] | None
    lines: tuple[NewFulfilmentLine, ...]
    source: Place | None = None
    occurred_at: datetime | None = None
    fact: bool = False

    @property
    def building(self) -> Place:
        """The location of the goods, and of the reservations of them."""
        return self.source or self.place

    @property
    def is_carried_out(self) -> bool:
        return self.type == FulfilmentType.CARRY_OUT


@dataclass(frozen=True, slots=True)
class ComposedFulfilments:
    """Fulfilments as rows and documents, with the reservations that are still to be made."""

    fulfilments: list[dict[str, Any]]
    lines: list[dict[str, Any]]
    documents: list[dict[str, Any]]  # in the order they were given
    reservations: list[NewReservation]
    carried_out: list[NewReservation]  # those of `reservations` whose goods leave at once
    sales: list[TillSale]  # facts, with reservations of their own

    @property
    def rows(self) -> tuple[Rows, Rows]:
        return (FULFILMENTS, self.fulfilments), (FULFILMENT_LINES, self.lines)


def compose_fulfilments(
    fulfilments: Sequence[NewFulfilment],
    *,
    ids: Mapping[str, Sequence[int]],
    at: datetime,
    written_at: datetime,
) -> ComposedFulfilments:
    """Compose fulfilments and their lines, under these ids, for a statement that inserts them.

    `written_at` is the time that comes with the ids.
    A till sale is composed as it will be when its reservations are consumed a moment later.
    """
    line_ids = iter(ids["orders_fulfilmentline"])
    reservation_ids = iter(ids["inventory_reservation"])
    composed = ComposedFulfilments([], [], [], [], [], [])
    for identity, new in zip(ids["orders_fulfilment"], fulfilments, strict=True):
        header = _header(identity, new, at, written_at)
        mine = [
            _line(next(line_ids), next(reservation_ids), identity, new, line) for line in new.lines
        ]
        reservations = [
            NewReservation(
                reservation_id=row["reservation_id"],
                sku_id=line.sku_id,
                location_id=new.building.id,
                quantity=line.quantity,
                fenced=line.fenced,
                reference=new.number,
            )
            for row, line in zip(mine, new.lines, strict=True)
        ]
        composed.fulfilments.append(header)
        composed.lines.extend(mine)
        if new.is_carried_out and new.fact:
            composed.sales.append(TillSale(new.number, reservations, new.occurred_at))
        else:
            composed.reservations.extend(reservations)
            if new.is_carried_out:
                composed.carried_out.extend(reservations)
        composed.documents.append(compose_fulfilment(header, mine))
    return composed


def _header(
    identity: int, new: NewFulfilment, at: datetime, written_at: datetime
) -> dict[str, Any]:
    state = FulfilmentState.COLLECTED if new.is_carried_out else FulfilmentState.OPEN
    return {
        "id": identity,
        "code": f"{new.number}-{new.ordinal}",
        "order_id": new.order_id,
        "number": new.number,
        "location_id": new.place.id,
        "location_code": new.place.code,
        "source_id": new.source.id if new.source else None,
        "source_code": new.source.code if new.source else None,
        "transfer_id": None,
        "type": new.type,
        "state": state.value,
        "promise": new.promise,
        "accepted_by": "",
        "bay": "",
        "carrier": "",
        "tracking_number": "",
        "wrong_codes": 0,
        "created_at": at,
        "ready_at": None,
        "pickup_expires_at": None,
        "finished_at": (new.occurred_at or at) if new.is_carried_out else None,
        "updated_at": written_at,
    }


def _line(
    identity: int,
    reservation_id: int,
    fulfilment_id: int,
    new: NewFulfilment,
    line: NewFulfilmentLine,
) -> dict[str, Any]:
    gone = line.quantity if new.is_carried_out else 0
    return {
        "id": identity,
        "fulfilment_id": fulfilment_id,
        "order_line_id": line.order_line_id,
        "reservation_id": reservation_id,
        "line_id": line.line_id,
        "sku_code": line.sku,
        "quantity": line.quantity,
        "picked": gone,
        "arrived": 0,
        "fulfilled": gone,
    }


def receipt_rows(
    receipts: Sequence[tuple[int, dict[str, object]]], occasion: str, *, at: datetime
) -> Rows:
    """Compose (order id, sourcing receipt) for a statement that inserts them."""
    return RECEIPTS, [
        {"order_id": order_id, "occasion": occasion[:64], "receipt": receipt, "decided_at": at}
        for order_id, receipt in receipts
    ]
