"""Receipts at the demo's locations: enough for most orders, too few of some articles."""

from __future__ import annotations

from collections import Counter

from django.db import transaction

from inventory.commands.goods_in.receive import receive_goods
from inventory.commands.keep_from_sale.ring_fences import Fence, replace_ring_fences
from inventory.commands.keep_from_sale.safety_stock import keep_safe
from inventory.models import Sku, Stock
from inventory.queries.lookup import Spot
from omniretail.demo.buildings import WAREHOUSES
from omniretail.demo.demand import demand
from omniretail.demo.extract import branches, goods
from omniretail.demo.people import person_at
from orders.commands.settling.change_stock import change_stock
from stores.models import Channel, Location

# Each location's share of the stock for parcels, in per cent of the units sold.
SHARES = {"W1": 60, "W2": 50}
SPARE = 24  # units beyond that, in a warehouse
SCARCE_EVERY, SCARCE_SHARE = 19, 40  # every 19th article: only 40 % of what is sold

Units = dict[str, dict[str, int]]  # location -> SKU -> units


def planned_units() -> Units:
    """Return the units delivered to each location before the first order. The same every time."""
    at_branch: Counter[tuple[str, str]] = Counter()
    by_parcel: Counter[str] = Counter()
    for order in demand():
        for line in order.lines:
            if line.location:
                at_branch[line.location, line.sku] += line.quantity
            else:
                by_parcel[line.sku] += line.quantity
    units: Units = {code: {} for code in (*WAREHOUSES, *(each.code for each in branches()))}
    for turn, good in enumerate(goods()):
        scarce = turn % SCARCE_EVERY == 0
        for code, share in SHARES.items():
            if not scarce:
                units[code][good.sku] = by_parcel[good.sku] * share // 100 + SPARE
        if scarce:
            units["W1"][good.sku] = max(6, by_parcel[good.sku] * SCARCE_SHARE // 100)
        for number, branch in enumerate(branches()):
            local = at_branch[branch.code, good.sku]
            shown = 0 if scarce or (turn + number) % 3 else 12
            if local + shown:
                units[branch.code][good.sku] = local + shown
    return units


def receive_deliveries() -> None:
    """Receive the deliveries, one per location."""
    skus = dict(Sku.objects.values_list("code", "pk"))
    places = dict(Location.objects.values_list("code", "pk"))
    for code, units in planned_units().items():
        actor = person_at(code)
        by_id = {skus[sku]: quantity for sku, quantity in units.items()}
        change_stock(
            lambda code=code, by_id=by_id, actor=actor: (  # type: ignore[misc]
                None,
                receive_goods(
                    location_id=places[code],
                    reference=f"DELIVERY-{code}-1",
                    units=by_id,
                    actor=actor,
                ),
            ),
            waiting_for=list(by_id),
            actor=actor,
        )


@transaction.atomic
def keep_back() -> None:
    """Keep units for walk-in customers, and some for the marketplace only."""
    shops = [branch.code for branch in branches()[:3]]
    rows = Stock.objects.filter(location__code__in=shops, on_hand__gte=12).order_by("pk")
    spots = [
        Spot(row.sku_id, row.sku.code, row.location_id, row.location.code)
        for row in rows.select_related("sku", "location")[:60]
    ]
    keep_safe(levels=[(spot, 2) for spot in spots], actor=person_at("S470"))
    channel = Channel.objects.select_for_update().get(code="marketplace")
    plenty = Stock.objects.filter(location__code="W1").order_by("-on_hand", "pk")[:3]
    fences = [Fence(row.sku_id, row.location_id, quantity=12) for row in plenty]
    replace_ring_fences(channel=channel, fences=fences, actor=person_at("W1"))
