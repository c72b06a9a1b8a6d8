"""Locking orders: always before stock, always in the order of their ids, and all at once.

Who holds stock never waits for an order: an act that finds other orders concerned once its stock is
locked takes them by `lock_unlocked`, or begins again with all of them.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q

from inventory import ledger
from orders.models import Order, OrderLine


def lock_orders(
    identities: Collection[int] = (), *, waiting_for: Collection[int] = ()
) -> dict[int, Order]:
    """Lock these orders, and those that wait for these SKUs, in one statement; return them.

    One statement, because two acts that lock orders one after another can deadlock.
    """
    wanted = Q(pk__in=list(identities))
    if waiting_for:
        waiting = OrderLine.objects.filter(sku__in=list(waiting_for), backordered__gt=0)
        wanted |= Q(pk__in=list(waiting.values_list("order_id", flat=True)))
    orders = Order.objects.filter(wanted).select_related("channel").order_by("pk")
    return {order.pk: order for order in orders.select_for_update(of=("self",), no_key=True)}


def lock_goods(*, orders: Collection[int], sku_ids: Collection[int]) -> None:
    """Lock all rows of these SKUs if any of these locked orders waits for one: its goods may come
    from any location. `sku_ids` are all SKUs that the act touches; none of them is locked yet."""
    lines = OrderLine.objects.filter(order__in=list(orders), sku__in=list(sku_ids))
    if lines.filter(backordered__gt=0).exists():
        ledger.lock_skus(sku_ids)


def lock_unlocked(identities: Collection[int]) -> bool:
    """Lock these orders without waiting; False when another transaction holds one of them."""
    orders = Order.objects.filter(pk__in=list(identities)).order_by("pk")
    locked = orders.select_for_update(of=("self",), no_key=True, skip_locked=True)
    return len(locked) == len(set(identities))
