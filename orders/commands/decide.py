"""Deciding where units come from: the shelf as a channel sees it, and a plan over it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from inventory.queries.candidates import Shelf, read_shelf
from orders.commands.promises import Point, promise_for
from orders.commands.shares import Share, ShareLine
from orders.sourcing import Demand, Plan, Policy, Site, plan
from stores.queries.network import Network, Source

_sites: dict[int, tuple[Network, dict[str, Site]]] = {}


def sites_of(network: Network, source: Source) -> dict[str, Site]:
    """Return the locations that a channel may sell from, as sourcing sees them."""
    cached = _sites.get(source.id)
    if cached is None or cached[0] is not network:
        sites = {
            place.code: Site(
                code=place.code,
                kind=place.kind,
                priority=place.priority,
                latitude=place.latitude,
                longitude=place.longitude,
                ships=place.ships,
                pickup=place.pickup,
                same_day=place.same_day,
            )
            for place in map(network.places.__getitem__, source.location_ids)
        }
        cached = _sites[source.id] = (network, sites)
    return cached[1]


@dataclass
class View:
    """What one channel may still promise, less what this batch has planned to take."""

    network: Network
    source: Source
    shelf: Shelf
    sellable: dict[str, dict[str, int]] = field(default_factory=dict)
    fenced: dict[tuple[int, int], int] = field(default_factory=dict)

    @classmethod
    def read(
        cls,
        *,
        network: Network,
        source: Source,
        skus: Iterable[str],
        entitled: Mapping[tuple[int, int], int] | None = None,
    ) -> View:
        """Read the shelf of these SKU codes in one statement; `entitled` as it takes it."""
        shelf = read_shelf(skus=sorted(set(skus)), channel_id=source.id, entitled=entitled)
        view = cls(network, source, shelf)
        for code, sku_id in shelf.sku_ids.items():
            units = view.sellable[code] = {}
            for row in shelf.candidates[sku_id]:
                place = network.places.get(row.location_id)
                if place and row.location_id in source.location_ids and row.sellable > 0:
                    units[place.code] = row.sellable
                view.fenced[sku_id, row.location_id] = row.fenced
        return view

    def plan(
        self,
        demands: Sequence[Demand],
        *,
        destination: Point | None,
        policy: Policy,
        avoiding: frozenset[int] = frozenset(),
    ) -> Plan:
        """Plan over what is left; the locations in `avoiding` (ids) are out of the question."""
        sites = sites_of(self.network, self.source)
        if avoiding:
            shunned = {self.network.places[identity].code for identity in avoiding}
            sites = {code: site for code, site in sites.items() if code not in shunned}
        return plan(
            demands=demands,
            sellable=self.sellable,
            sites=sites,
            destination=destination,
            policy=policy,
        )

    def take(self, decided: Plan) -> None:
        """Count what a plan takes, whichever channel it is for: the goods are the same."""
        for part in decided.allocations:
            units = self.sellable.get(part.sku, {})
            if part.location in units:
                units[part.location] -= part.quantity


def shares_of(
    decided: Plan,
    *,
    view: View,
    order_id: int,
    number: str,
    line_ids: dict[str, int],
    after: int,
    destination: Point | None,
    at: datetime,
) -> list[Share]:
    """Group a plan's allocations into one share a location and type, numbered on from `after`."""
    groups: dict[tuple[str, str], list[Any]] = {}
    for part in decided.allocations:
        groups.setdefault((part.type, part.location), []).append(part)
    shares = []
    for ordinal, ((type_, code), parts) in enumerate(groups.items(), start=after + 1):
        place = view.network.by_code[code]
        lines = []
        for part in parts:
            sku_id = view.shelf.sku_ids[part.sku]
            lines.append(
                ShareLine(
                    order_line_id=line_ids[part.line_id],
                    line_id=part.line_id,
                    sku_id=sku_id,
                    sku=part.sku,
                    quantity=part.quantity,
                    fenced=view.fenced[sku_id, place.id],
                )
            )
        promise = promise_for(type=type_, place=place, destination=destination, at=at)
        shares.append(Share(order_id, number, ordinal, place, type_, promise, tuple(lines)))
    return shares
