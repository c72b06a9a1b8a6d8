"""Changing stock and settling the affected orders, in one transaction with one order of locks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TypeVar

from django.db import OperationalError, transaction

from core.access.principal import Principal
from core.idempotency.execute import begin_again, recalled
from inventory import ledger
from inventory.commands.change import StockChange
from inventory.ledger import Broken
from orders.commands.locks import lock_orders, lock_unlocked
from orders.commands.settling.settle import settle
from orders.models import FulfilmentLine

ATTEMPTS = 5
CONCERNED = "concerned by a change of stock"

T = TypeVar("T")


class OthersConcerned(Exception):
    """Promises broke of orders that are not locked yet: roll back, and begin again with these."""

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
    it is about. Orders are locked before stock everywhere, and then all rows of the SKUs: goods for
    these orders may come from any location. Orders that wait are known before; those with broken
    promises only once the stock is locked. Those are locked without waiting; where that fails, or
    not all rows of their SKUs are locked, the change is rolled back and made again with them.

    An act that opens Stock rows gives a `lock` that opens them first. An act on very many SKUs
    gives only those that orders wait for, and a `lock` that locks its own rows with all rows of the
    SKUs it is given. Raises `OperationalError` when other acts hold these orders time and again.
    """
    nothing: tuple[frozenset[int], frozenset[int]] = frozenset(), frozenset()
    known_owners, known_skus = recalled(CONCERNED, nothing)
    owners = known_owners.union(concerning)
    skus = known_skus.union(waiting_for)
    for _ in range(ATTEMPTS):
        try:
            with transaction.atomic():
                locked = frozenset(lock_orders(owners, waiting_for=skus))
                if locked:
                    lock(skus)
                result, change = act()
                settle_with_owners(change, locked=locked, skus=skus if locked else (), actor=actor)
                return result
        except OthersConcerned as concerned:
            owners |= concerned.orders
            skus |= concerned.skus
            begin_again(CONCERNED, (owners, skus))
    raise OperationalError("other acts hold the orders of these goods")


def settle_with_owners(
    change: StockChange, *, locked: Collection[int], skus: Collection[int], actor: Principal
) -> None:
    """Settle a change with the owners of what it broke, beside the orders (ids) that are `locked`.

    `skus` are those of which all rows are locked. Raises `OthersConcerned` when an owner cannot be
    locked without waiting, or goods of other SKUs broke.
    """
    others = _owners_of(change.broken).difference(locked)
    touched = frozenset(part.sku_id for part in change.broken)
    if others and not (touched.issubset(skus) and lock_unlocked(others)):
        raise OthersConcerned(others, touched)
    settle(change=change, orders=others.union(locked), actor=actor)


def _owners_of(broken: Sequence[Broken]) -> frozenset[int]:
    if not broken:
        return frozenset()
    lines = FulfilmentLine.objects.filter(reservation__in=[part.reservation_id for part in broken])
    return frozenset(lines.values_list("fulfilment__order_id", flat=True))
