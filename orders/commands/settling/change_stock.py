"""Changing stock and settling the affected orders, in one transaction with one order of locks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TypeVar

from django.db import transaction

from core.access.principal import Principal
from inventory import ledger
from inventory.commands.change import StockChange
from inventory.ledger import Broken
from orders.commands.locks import lock_orders
from orders.commands.settling.settle import settle
from orders.models import FulfilmentLine

ATTEMPTS = 3

T = TypeVar("T")


class _OthersConcerned(Exception):
    """Promises broke of orders that are not locked yet."""

    def __init__(self, orders: frozenset[int], skus: frozenset[int]) -> None:
        self.orders = orders
        self.skus = skus


def change_stock(
    act: Callable[[], tuple[T, StockChange]],
    *,
    waiting_for: Collection[int],
    actor: Principal,
    concerning: Iterable[int] = (),
    lock: Callable[[Collection[int]], object] = ledger.lock_skus,
) -> T:
    """Run a change of stock and settle it with the orders it concerns, in one transaction.

    `waiting_for` are the ids of all SKUs that the act touches, `concerning` those of orders that
    it is about. Orders are locked before stock
    everywhere. Those that wait are known before; those with broken promises only once the
    stock is locked. So when promises break, the change is rolled back, their orders are locked
    first, and it is made again. The last attempt locks them late: PostgreSQL may then find a
    deadlock, and the whole request is repeated.

    An act on very many SKUs gives only those that orders wait for, and a `lock` that locks its
    own rows with all rows of the SKUs it is given.
    """
    owners = frozenset(concerning)
    skus = frozenset(waiting_for)
    for attempt in range(ATTEMPTS):
        try:
            with transaction.atomic():
                if lock_orders(owners, waiting_for=skus):
                    # Their goods may come from any location: lock all rows now, in order.
                    lock(skus)
                result, change = act()
                others = _owners_of(change.broken) - owners
                if others and attempt < ATTEMPTS - 1:
                    raise _OthersConcerned(others, frozenset(c.sku_id for c in change.broken))
                settle(change=change, actor=actor)
                return result
        except _OthersConcerned as concerned:
            owners |= concerned.orders
            skus |= concerned.skus
    raise AssertionError("unreachable")


def _owners_of(broken: Sequence[Broken]) -> frozenset[int]:
    if not broken:
        return frozenset()
    lines = FulfilmentLine.objects.filter(reservation__in=[part.reservation_id for part in broken])
    return frozenset(lines.values_list("fulfilment__order_id", flat=True))
