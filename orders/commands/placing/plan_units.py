"""Planning where units come from: the availability for a channel, and a plan over it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from inventory.queries.available.candidates import Shelf, read_shelf
from orders.commands.placing.allocations import Share, ShareLine
from orders.commands.placing.promises import Point, promise_for
from orders.queries.sites import sites_of
from orders.sourcing import Demand, Plan, Policy, plan
from stores.queries.network import Network, Source


@dataclass
class View:
    """Units that one channel may still promise, less those that this batch has planned to take."""

    network: Network
    source: Source
    shelf: Shelf
    sellable: dict[str, dict[str, int]] = field(default_factory=dict)

    @classmethod
    def read(
        cls,
        *,
        network: Network,
        source: Source,
        skus: Iterable[str],
        entitled: Mapping[tuple[int, int], int] | None = None,
    ) -> View:
        """Read the availability of these SKU codes in one statement; `entitled` as in
        `read_shelf`.
        """
        shelf = read_shelf(skus=sorted(set(skus)), channel_id=source.id, entitled=entitled)
        view = cls(network, source, shelf)
        places, sells_from = network.places, source.location_ids
        for code, sku_id in shelf.sku_ids.items():
            view.sellable[code] = {
                places[location_id].code: units
                for location_id, units in shelf.sellable[sku_id].items()
                if units > 0 and location_id in sells_from
            }
        return view

    def plan(
        self,
        demands: Sequence[Demand],
        *,
        destination: Point | None,
        policy: Policy,
        avoiding: frozenset[int] = frozenset(),
    ) -> Plan:
        """Plan over the units left; none are taken from the locations in `avoiding` (ids)."""
        return plan(
            demands=demands,
            sellable=self.sellable,
            sites=sites_of(self.network, self.source),
            destination=destination,
            policy=policy,
            avoiding=frozenset(self.network.places[identity].code for identity in avoiding),
        )

    def take(self, decided: Plan) -> None:
        """Deduct the units of a plan, also of other channels: they share the stock."""
        for part in decided.allocations:
            units = self.sellable.get(part.sku, {})
            if part.building in units:
                units[part.building] -= part.quantity


def ids_of_shares(plans: Iterable[Plan]) -> dict[str, int]:
    """Return how many ids of which tables the shares of these plans take, for `take_ids`."""
    shares = lines = 0
    for decided in plans:
        shares += len({(part.type, part.location, part.source) for part in decided.allocations})
        lines += len(decided.allocations)
    return {
        "orders_fulfilment": shares,
        "orders_fulfilmentline": lines,
        "inventory_reservation": lines,
    }


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
    """Group a plan's allocations into one share a type, location and source; number them on
    from `after`."""
    groups: dict[tuple[str, str, str | None], list[Any]] = {}
    for part in decided.allocations:
        groups.setdefault((part.type, part.location, part.source), []).append(part)
    by_code = view.network.by_code
    shares = []
    for ordinal, ((type_, code, sent_from), parts) in enumerate(groups.items(), start=after + 1):
        place = by_code[code]
        source = by_code[sent_from] if sent_from else None
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
                    fenced=view.shelf.fenced.get((sku_id, (source or place).id), 0),
                )
            )
        promise = promise_for(
            type=type_, place=place, source=source, destination=destination, at=at
        )
        shares.append(Share(order_id, number, ordinal, place, type_, promise, tuple(lines), source))
    return shares
