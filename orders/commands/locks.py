"""Locking orders: always before stock, always in the order of their ids."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q

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
    return {order.pk: order for order in orders.select_for_update(of=("self",))}
