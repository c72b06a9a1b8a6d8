"""Writing what each location does for an order: fulfilments, their lines, and their claims.

Placing, sourcing again and filling backorders all end here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from inventory.ledger import Claim
from omniretail.rows import insert_rows, take_ids
from orders.choices import FulfilmentState, FulfilmentType
from orders.queries.documents import compose_fulfilment
from stores.queries.network import Place


@dataclass(frozen=True, slots=True)
class ShareLine:
    """Units of one order line. `fenced` units of the stock row belong to other channels."""

    order_line_id: int
    line_id: str
    sku_id: int
    sku: str
    quantity: int
    fenced: int


@dataclass(frozen=True, slots=True)
class Share:
    """What one location is to do for one order; `ordinal` counts the order's fulfilments."""

    order_id: int
    number: str
    ordinal: int
    place: Place
    type: str
    promise: dict[str, str | None] | None
    lines: tuple[ShareLine, ...]

    @property
    def is_carried_out(self) -> bool:
        return self.type == FulfilmentType.CARRY_OUT


@dataclass(frozen=True, slots=True)
class Written:
    """Shares as they stand in the database, with the claims that still have to be made."""

    documents: list[dict[str, Any]]  # in the order of the shares
    claims: list[Claim]
    carried_out: list[Claim]  # those of `claims` whose goods leave at once


def write_shares(shares: Sequence[Share], *, at: datetime) -> Written:
    """Insert fulfilments and their lines; the stock is not touched yet.

    A till sale is written as it will be when its claims are consumed a moment later.
    """
    count = sum(len(share.lines) for share in shares)
    ids = take_ids(
        orders_fulfilment=len(shares),
        orders_fulfilmentline=count,
        inventory_reservation=count,
    )
    headers: list[dict[str, Any]] = []
    lines: list[tuple[Any, ...]] = []
    claims, carried_out, documents = [], [], []
    reservations = iter(ids["inventory_reservation"])
    for identity, share in zip(ids["orders_fulfilment"], shares, strict=True):
        gone = share.is_carried_out
        header = _header(identity, share, at)
        headers.append(header)
        for line in share.lines:
            claim = Claim(
                reservation_id=next(reservations),
                sku_id=line.sku_id,
                location_id=share.place.id,
                quantity=line.quantity,
                fenced=line.fenced,
                reference=share.number,
            )
            claims.append(claim)
            if gone:
                carried_out.append(claim)
            done = line.quantity if gone else 0
            lines.append(
                (identity, line.order_line_id, claim.reservation_id, line.quantity, done, done)
            )
        documents.append(
            compose_fulfilment(
                header,
                [
                    {
                        "line_id": line.line_id,
                        "sku_code": line.sku,
                        "quantity": line.quantity,
                        "picked": line.quantity if gone else 0,
                        "fulfilled": line.quantity if gone else 0,
                    }
                    for line in share.lines
                ],
            )
        )
    _insert(headers, lines, ids["orders_fulfilmentline"], at)
    return Written(documents, claims, carried_out)


def _header(identity: int, share: Share, at: datetime) -> dict[str, Any]:
    return {
        "id": identity,
        "code": f"{share.number}-{share.ordinal}",
        "order_id": share.order_id,
        "number": share.number,
        "location_id": share.place.id,
        "location_code": share.place.code,
        "type": share.type,
        "state": (FulfilmentState.COLLECTED if share.is_carried_out else FulfilmentState.OPEN).value,
        "promise": share.promise,
        "accepted_by": "",
        "bay": "",
        "carrier": "",
        "tracking_number": "",
        "created_at": at,
        "ready_at": None,
        "pickup_expires_at": None,
        "finished_at": at if share.is_carried_out else None,
    }


def _insert(
    headers: list[dict[str, Any]], lines: list[tuple[Any, ...]], line_ids: list[int], at: datetime
) -> None:
    def column(name: str) -> list[Any]:
        return [header[name] for header in headers]

    nothing = [""] * len(headers)
    insert_rows(
        "orders_fulfilment",
        {
            "id": ("bigint", column("id")),
            "code": ("text", column("code")),
            "order_id": ("bigint", column("order_id")),
            "location_id": ("bigint", column("location_id")),
            "type": ("text", column("type")),
            "state": ("text", column("state")),
            "promise": ("jsonb", [p and Jsonb(p) for p in column("promise")]),
            "accepted_by": ("text", nothing),
            "bay": ("text", nothing),
            "carrier": ("text", nothing),
            "tracking_number": ("text", nothing),
            "wrong_codes": ("int", [0] * len(headers)),
            "created_at": ("timestamptz", column("created_at")),
            "finished_at": ("timestamptz", column("finished_at")),
        },
    )
    by_column = list(zip(*lines, strict=True)) or [()] * 6
    insert_rows(
        "orders_fulfilmentline",
        {
            "id": ("bigint", line_ids),
            "fulfilment_id": ("bigint", by_column[0]),
            "order_line_id": ("bigint", by_column[1]),
            "reservation_id": ("bigint", by_column[2]),
            "quantity": ("int", by_column[3]),
            "picked": ("int", by_column[4]),
            "fulfilled": ("int", by_column[5]),
        },
    )
