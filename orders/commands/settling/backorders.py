"""Filling backorders, the oldest order first."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q

from core.access.principal import Principal
from orders.commands.locks import lock_orders
from orders.commands.settling.assign import Want, assign_units
from orders.models import OrderLine

AT_ONCE = 500  # waiting lines in one transaction

Waiting = tuple[int, int]  # (order id, line id): a position in the queue


def skus_waited_for(*kinds: Mapping[str, Any]) -> set[int]:
    """Return the ids of SKUs that orders wait for; only of these kinds (columns of the SKU)."""
    waiting = OrderLine.objects.filter(backordered__gt=0)
    if kinds:
        of_a_kind = [Q(**{f"sku__{name}": value for name, value in k.items()}) for k in kinds]
        waiting = waiting.filter(reduce(or_, of_a_kind))
    return set(waiting.values_list("sku_id", flat=True).distinct())


def fill_backorders(
    *,
    sku_ids: Collection[int],
    actor: Principal,
    among: Collection[int] | None = None,
    behind: Waiting | None = None,
) -> Waiting | None:
    """Reserve available units for the waiting lines of these SKUs, the oldest order first.

    `among` are the ids of orders that are locked, with all rows of the SKUs: no other is filled.
    Handles up to `AT_ONCE` lines; returns the last of them when more may wait behind it.
    """
    lines = OrderLine.objects.filter(sku__in=sku_ids, backordered__gt=0)
    if among is not None:
        lines = lines.filter(order__in=list(among))
    if behind is not None:
        lines = lines.filter(Q(order_id__gt=behind[0]) | Q(order_id=behind[0], id__gt=behind[1]))
    queue = list(lines.order_by("order_id", "id").values_list("order_id", "id")[:AT_ONCE])
    orders = lock_orders({order_id for order_id, _ in queue})
    # Read again under the lock: a line may have been cancelled or filled meanwhile.
    units: dict[int, dict[int, int]] = {}
    for line in OrderLine.objects.filter(
        pk__in=[line_id for _, line_id in queue], backordered__gt=0
    ):
        units.setdefault(line.order_id, {})[line.pk] = line.backordered
    wants = [
        Want(order=orders[order_id], units=units[order_id], waiting=True)
        for order_id in sorted(units)
    ]
    if wants:
        assign_units(wants, occasion="backorder filled", actor=actor)
    return queue[-1] if len(queue) == AT_ONCE else None
