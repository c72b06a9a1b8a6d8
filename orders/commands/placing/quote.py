"""Quoting an order: the plan without placing it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from core.access.principal import Principal
from orders.commands.placing.place import demands_of
from orders.commands.placing.plan_units import ChannelAvailability
from orders.commands.placing.promises import destination_of
from orders.commands.placing.refusals import unknown_places, unknown_skus
from orders.commands.placing.requests import OrderRequest
from orders.sourcing import read_receipt
from stores.queries.network import current_network


def quote(request: OrderRequest, *, actor: Principal) -> dict[str, Any]:
    """Return the plan and the sourcing receipt of an order; nothing is reserved."""
    network = current_network()
    if refusal := unknown_places(request, network=network, actor=actor):
        raise refusal
    availability = ChannelAvailability.read(
        network=network,
        source=network.channels[request.channel],
        skus=[line.sku for line in request.lines],
    )
    unknown = unknown_skus(request, availability)
    if unknown:
        raise unknown
    plan = availability.plan(
        demands_of(request), destination=destination_of(request.ship_to), policy=request.policy
    )
    return {
        "possible": not plan.refused,
        "allocations": [asdict(part) for part in plan.allocations],
        "backordered": plan.backordered,
        "unmet": plan.unmet,
        "shortages": [asdict(short) for short in plan.shortages],
        "receipt": read_receipt(plan.receipt),
    }
