"""Locking all that a set of orders touches, before any of them is placed.

Most orders are placed without: they write their rows and take their stock in one statement at the
end. Those that must look at locked stock lock in the same order as they would write.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from django.utils import timezone

from core.database.bulk_insert import hex_of, insert_rows, take_ids_and_time
from core.database.statements import numbers, run
from inventory import ledger
from inventory.models import Reservation
from inventory.queries.sku_codes import named_skus
from orders.commands.locks import lock_orders
from orders.commands.placing.customers import find_or_make
from orders.commands.placing.requests import OrderRequest
from orders.commands.placing.write_orders import ORDERS, Accepted
from orders.models import Return
from orders.sourcing import CARRY_OUT
from stores.queries.network import Network

_NO_ORDER = {
    "fingerprint": hex_of(b""),
    "currency": "",
    "customer_id": None,
    "ship_to": None,
    "payment_reference": "",
    "note": "",
    "allow_split": False,
    "allow_backorder": False,
    "allow_partial": False,
}


@dataclass(frozen=True, slots=True)
class Also:
    """What an attempt found to be needed beside the orders' own: the ids of orders of which till
    sales break promises, and Stock rows (SKU id, location id) that are to be opened."""

    orders: frozenset[int] = frozenset()
    rows: frozenset[tuple[int, int]] = frozenset()

    def with_orders(self, orders: Collection[int]) -> Also:
        return replace(self, orders=self.orders.union(orders))

    def with_rows(self, rows: Collection[tuple[int, int]]) -> Also:
        return replace(self, rows=self.rows.union(rows))


@dataclass(frozen=True, slots=True)
class Locked:
    """The ids of other orders that are locked, and of the SKUs of which all Stock rows are."""

    orders: frozenset[int]
    skus: frozenset[int]


class RowsMissing(Exception):
    """A till sold goods where there never were any: begin again with their Stock rows open."""

    def __init__(self, pairs: Collection[tuple[int, int]]) -> None:
        self.pairs = pairs


def lock_for_orders(
    requests: Sequence[OrderRequest], *, network: Network, also: Also
) -> tuple[list[int], Locked]:
    """Lock other orders, the customers of these, their names, and last all Stock rows of their SKUs
    and of the carts that they take over. Return the customers' ids, for `drop_unused_customers`.

    Other orders first: an erasure holds its customer's orders and waits for the customer, and who
    acts on a return holds its order and waits for the return.
    """
    if also.orders:
        lock_orders(also.orders)
    known = [request for request in requests if request.channel in network.channels]
    customers = find_or_make([request.customer for request in known if request.customer])
    _lock_returns(known)
    _claim_names(known, network)
    skus = _skus_of(known)
    ledger.open_and_lock(also.rows, skus)
    return list(customers.values()), Locked(also.orders, frozenset(skus))


def refuse_missing_rows(facts: Sequence[Accepted]) -> None:
    """Raise `RowsMissing` unless all rows of which these sell are open. They are locked then."""
    pairs = {
        (fact.availability.snapshot.sku_ids[part.sku], place.id)
        for fact in facts
        for part in fact.plan.allocations
        if part.type == CARRY_OUT and (place := fact.availability.network.by_code[part.location])
    }
    missing = pairs - ledger.lock_rows(pairs).keys()
    if missing:
        raise RowsMissing(missing)


def _lock_returns(requests: Sequence[OrderRequest]) -> None:
    """Lock the returns that orders exchange, in order: two exchanges of one take turns."""
    exchanged = {identity for request in requests if (identity := _exchanged(request))}
    if exchanged:
        rows = Return.objects.filter(pk__in=exchanged).order_by("pk")
        list(rows.select_for_update(no_key=True).values_list("pk"))


def _claim_names(requests: Sequence[OrderRequest], network: Network) -> None:
    """Wait for those who are placing the same orders, and make later ones wait for this set.

    An order's row is unique by its name from the moment at which it is written, and stays so for
    others when it is deleted at once: a transaction that held stock and then met the same order of
    another would deadlock with it.
    """
    named = {(network.channels[r.channel].id, r.external_id): r for r in requests}
    if not named:
        return
    at = timezone.now()
    ids, written_at = take_ids_and_time(orders_order=len(named))
    rows: list[dict[str, Any]] = [
        {
            **_NO_ORDER,
            "id": identity,
            "number": f"claim {identity}",
            "channel_id": channel_id,
            "external_id": external_id,
            "exchange_of_id": _exchanged(named[channel_id, external_id]),
            "placed_at": at,
            "updated_at": written_at,
        }
        for identity, (channel_id, external_id) in zip(
            ids["orders_order"], sorted(named), strict=True
        )
    ]
    insert_rows((ORDERS, rows))
    run("DELETE FROM orders_order WHERE id = ANY(%s::bigint[])", [numbers(ids["orders_order"])])


def _exchanged(request: OrderRequest) -> int | None:
    """Return the id of the return, whose row is touched by a new exchange; None for no id."""
    text = request.exchange_of or ""
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 19 else None


def _skus_of(requests: Sequence[OrderRequest]) -> list[int]:
    codes = {line.sku for request in requests for line in request.lines}
    ordered = [sku.id for sku in named_skus(codes).values()]
    carts = []
    for request in requests:
        with suppress(ValueError, TypeError):  # no id of a cart: refused when it is placed
            carts.append(uuid.UUID(request.reservation_id))
    held = Reservation.objects.filter(group__in=carts).values_list("sku_id", flat=True)
    return sorted({*ordered, *(held if carts else ())})


def drop_unused_customers(identities: Sequence[int]) -> None:
    """Delete those of these customers that have no order: theirs was refused, which leaves no
    trace. Others cannot have seen them yet."""
    run(
        """DELETE FROM orders_customer c WHERE id = ANY(%s::bigint[])
           AND NOT EXISTS (SELECT FROM orders_order o WHERE o.customer_id = c.id)""",
        [numbers(identities)],
    )
