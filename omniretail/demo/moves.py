"""Transfers, counts and damage in the demo."""

from __future__ import annotations

from collections.abc import Sequence

from core.access.principal import Principal
from inventory.choices import Reason
from inventory.commands.adjust import Adjustment, adjust_stock
from inventory.commands.change import StockChange
from inventory.commands.counting.count import Occasion, apply_count
from inventory.commands.transfers.receive_transfer import Arrival
from inventory.commands.transfers.transfer import (
    cancel_transfer,
    dispatch_transfer,
    draft_transfer,
)
from inventory.models import Sku, Stock
from inventory.queries.counting.findings import Counted
from inventory.queries.lookup import Spot
from omniretail.demo.people import person_at
from orders.commands.fulfilment.arrivals import receive_goods
from orders.commands.settling.change_stock import change_stock
from stores.queries.network import current_network

UNITS = 4


def roomiest(location: str, count: int, *, skip: int = 0) -> list[Stock]:
    """Return the rows of a location with the most available units."""
    rows = Stock.objects.filter(location__code=location).select_related("sku", "location")
    spare = sorted(rows, key=lambda row: (-row.available, row.pk))
    return spare[skip : skip + count]


def spot_of(row: Stock) -> Spot:
    return Spot(row.sku_id, row.sku.code, row.location_id, row.location.code)


def drive_between() -> None:
    """Leave a transfer in each state: draft, cancelled, in transit, received, with a loss."""
    _draft("W1", "S470", skip=0)
    cancel_transfer(identity=_draft("W2", "S125", skip=3), actor=person_at("W2"))
    _dispatched("W1", "S208", skip=3)
    whole, rows = _dispatched("W2", "S163", skip=6)
    _arrive(whole, "S163", {row.sku.code: UNITS for row in rows}, close=False)
    part, rows = _dispatched("W1", "S423", skip=6)
    _arrive(part, "S423", {rows[0].sku.code: UNITS - 1}, close=False)
    _arrive(part, "S423", {rows[1].sku.code: UNITS, rows[2].sku.code: UNITS}, close=True)
    waiting, rows = _dispatched("W2", "S302", skip=9)
    _arrive(waiting, "S302", {rows[0].sku.code: UNITS}, close=False)


def quarrel_over_a_van() -> None:
    """Receive a transfer in Manchester: one unit too many, one damaged, one article not there."""
    van, rows = _dispatched("W1", "S369", skip=14)
    skus = [row.sku for row in rows]
    arrivals = [
        Arrival(skus[0].pk, skus[0].code, UNITS + 1),
        Arrival(skus[1].pk, skus[1].code, UNITS, damaged=1),
    ]
    receive_goods(identity=van, arrivals=arrivals, accept_surplus=True, actor=person_at("S369"))


def _draft(source: str, destination: str, *, skip: int) -> str:
    places = current_network().by_code
    transfer = draft_transfer(
        source_id=places[source].id,
        destination_id=places[destination].id,
        units={row.sku_id: UNITS for row in roomiest(source, 3, skip=skip)},
        actor=_driver(source, destination),
    )
    return str(transfer["id"])


def _dispatched(source: str, destination: str, *, skip: int) -> tuple[str, Sequence[Stock]]:
    rows = roomiest(source, 3, skip=skip)
    identity = _draft(source, destination, skip=skip)
    dispatch_transfer(identity=identity, actor=_driver(source, destination))
    return identity, rows


def _arrive(identity: str, destination: str, units: dict[str, int], *, close: bool) -> None:
    skus = dict(Sku.objects.filter(code__in=units).values_list("code", "pk"))
    receive_goods(
        identity=identity,
        arrivals=[Arrival(skus[code], code, number) for code, number in units.items()],
        close=close,
        actor=person_at(destination),
    )


def _driver(*locations: str) -> Principal:
    person = person_at(locations[0])
    return Principal(person.id, person.name, person.scopes, locations=frozenset(locations))


def look_around() -> None:
    """Count a shelf, and record damage and losses."""
    _count_a_shelf()
    _drop_a_box()


def _count_a_shelf() -> None:
    """Count five SKUs in Bristol: three agree, one is short, one shows more."""
    rows = roomiest("S423", 5)
    actor = person_at("S423")
    counts = [
        Counted(spot_of(row), row.on_hand + variance, expected=row.on_hand)
        for row, variance in zip(rows, (0, -3, 0, 2, 0), strict=True)
    ]

    def count() -> tuple[None, StockChange]:
        occasion = Occasion.at_once(reference="COUNT-S423-1")
        applied = apply_count(counts=counts, occasion=occasion, actor=actor)
        return None, applied.change

    change_stock(count, waiting_for=[row.sku_id for row in rows], actor=actor)


def _drop_a_box() -> None:
    """Find damaged goods in Daventry, and lose some for good in Manchester."""
    _adjust(
        "W1", Reason.DAMAGED, [Adjustment(spot_of(row), unavailable=2) for row in roomiest("W1", 2)]
    )
    _adjust(
        "S369", Reason.LOST, [Adjustment(spot_of(row), on_hand=-1) for row in roomiest("S369", 2)]
    )


def _adjust(location: str, reason: Reason, adjustments: Sequence[Adjustment]) -> None:
    actor = person_at(location)
    change_stock(
        lambda: (
            None,
            adjust_stock(reason=reason, adjustments=adjustments, reference="NOTE-1", actor=actor),
        ),
        waiting_for=[each.spot.sku_id for each in adjustments],
        actor=actor,
    )
