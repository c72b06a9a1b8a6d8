"""Planning where units come from: the availability for a channel, and a plan over it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from inventory.queries.available.sellable import SellableSnapshot, read_sellable
from orders.commands.placing.allocations import NewFulfilment, NewFulfilmentLine
from orders.commands.placing.promises import Point, promise_for
from orders.queries.sites import sites_of
from orders.sourcing import CARRY_OUT, Demand, Plan, Policy, plan
from stores.queries.network import Network, Source


@dataclass
class ChannelAvailability:
    """Units that one channel may still promise, less those that this batch has planned to take."""

    network: Network
    source: Source
    snapshot: SellableSnapshot
    sellable: dict[str, dict[str, int]] = field(default_factory=dict)

    @classmethod
    def read(
        cls,
        *,
        network: Network,
        source: Source,
        skus: Iterable[str],
        entitled: Mapping[tuple[int, int], int] | None = None,
    ) -> ChannelAvailability:
        """Read the availability of these SKU codes in one statement; `entitled` as in
        `read_sellable`.
        """
        snapshot = read_sellable(skus=sorted(set(skus)), channel_id=source.id, entitled=entitled)
        availability = cls(network, source, snapshot)
        places, sells_from = network.places, source.location_ids
        for code, sku_id in snapshot.sku_ids.items():
            availability.sellable[code] = {
                places[location_id].code: units
                for location_id, units in snapshot.sellable[sku_id].items()
                if units > 0 and location_id in sells_from
            }
        return availability

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

    def covers(self, decided: Plan) -> bool:
        """Say whether the units left cover a plan: a till has sold what it has sold."""
        sold: dict[tuple[str, str], int] = {}
        for part in decided.allocations:
            if part.type == CARRY_OUT:
                key = (part.sku, part.location)
                sold[key] = sold.get(key, 0) + part.quantity
        return all(
            units <= self.sellable[sku].get(place, 0) for (sku, place), units in sold.items()
        )

    def take(self, decided: Plan) -> None:
        """Deduct the units of a plan, also of other channels: they share the stock."""
        for part in decided.allocations:
            units = self.sellable.get(part.sku, {})
            if part.building in units:
                units[part.building] -= part.quantity


def ids_for_plans(plans: Iterable[Plan]) -> dict[str, int]:
    """Return how many ids of which tables the fulfilments of these plans take, for `take_ids`."""
    fulfilments = lines = 0
    for decided in plans:
        groups = {(part.type, part.location, part.source) for part in decided.allocations}
        fulfilments += len(groups)
        lines += len(decided.allocations)
    return {
        "orders_fulfilment": fulfilments,
        "orders_fulfilmentline": lines,
        "inventory_reservation": lines,
    }


def fulfilments_of_plan(
    decided: Plan,
    *,
    availability: ChannelAvailability,
    order_id: int,
    number: str,
    line_ids: dict[str, int],
    after: int,
    destination: Point | None,
    at: datetime,
    occurred_at: datetime | None = None,
    fact: bool = False,
) -> list[NewFulfilment]:
    """Group a plan's allocations into one fulfilment a type, location and source; number them on
    from `after`. `occurred_at` and `fact` as in `NewFulfilment`."""
    groups: dict[tuple[str, str, str | None], list[Any]] = {}
    for part in decided.allocations:
        groups.setdefault((part.type, part.location, part.source), []).append(part)
    by_code = availability.network.by_code
    fulfilments = []
    for ordinal, ((type_, code, sent_from), parts) in enumerate(groups.items(), start=after + 1):
        place = by_code[code]
        source = by_code[sent_from] if sent_from else None
        lines = []
        for part in parts:
            sku_id = availability.snapshot.sku_ids[part.sku]
            lines.append(
                NewFulfilmentLine(
                    order_line_id=line_ids[part.line_id],
                    line_id=part.line_id,
                    sku_id=sku_id,
                    sku=part.sku,
                    quantity=part.quantity,
                    fenced=availability.snapshot.fenced.get((sku_id, (source or place).id), 0),
                )
            )
        promise = promise_for(
            type=type_, place=place, source=source, destination=destination, at=at
        )
        fulfilments.append(
            NewFulfilment(
                order_id,
                number,
                ordinal,
                place,
                type_,
                promise,
                tuple(lines),
                source,
                occurred_at=occurred_at,
                fact=fact,
            )
        )
    return fulfilments
