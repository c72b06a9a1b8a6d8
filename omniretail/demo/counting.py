"""Counts of the demo: one is under way, one waits for a second person's approval."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace

from core.access.principal import Principal
from inventory.choices import Condition
from inventory.commands.change import StockChange
from inventory.commands.counting.apply import apply_finished_count
from inventory.commands.counting.count import Occasion, apply_count
from inventory.commands.counting.count_work import (
    Seen,
    Threshold,
    enter_counts,
    start_count,
    submit_count,
)
from inventory.commands.set_apart import AVAILABLE, Move, move_unavailable
from inventory.models import CountLine, Stock
from inventory.queries.counting.count_choice import bins_named, lines_of_skus, skus_in_bins
from inventory.queries.counting.findings import Counted
from inventory.timestamps import as_text, database_now
from omniretail.demo.moves import roomiest, spot_of
from omniretail.demo.people import person_at, shop
from orders.commands.settling.change_stock import change_stock
from stores.queries.network import current_network

ERP = "erp"


def count_shelves() -> None:
    """Leave a count in each stage: being counted, in review, applied."""
    _begin_a_walk()
    _wait_for_a_second_look()
    _agree()


def _begin_a_walk() -> None:
    """Start a count of three shelves in Acton by two people, and enter half of it."""
    place = current_network().by_code["S470"]
    shelves = bins_named(["SHELF-01", "SHELF-02", "SHELF-03"], location_id=place.id).values()
    actor = person_at("S470")
    count = start_count(
        place=place,
        name="Shelves 1 to 3",
        lines=lines_of_skus(skus_in_bins(shelves), location_id=place.id),
        threshold=Threshold(),
        actor=actor,
    )
    lines = list(count.lines.order_by("walk", "pk"))
    half = len(lines) // 2
    on_hand = dict(Stock.objects.filter(location=place.id).values_list("sku_id", "on_hand"))
    for lines_seen, who in (
        (lines[: half - 2], actor),
        (lines[half - 2 : half], _colleague(actor)),
    ):
        figures = [(line, on_hand.get(line.sku_id, 0)) for line in lines_seen]
        enter_counts(identity=str(count.pk), seen=_seen(figures), actor=who)


def _wait_for_a_second_look() -> None:
    """Count twelve fewer than recorded in Daventry, which a second person must approve."""
    _count("W1", "Cycle count, fast movers", (0, -12, 1, 0, 0))


def _agree() -> None:
    """Count five articles in Bristol: one is a unit short, and the record is put right."""
    identity = _count("S423", "After the delivery", (0, 0, -1, 0, 0))
    apply_finished_count(identity=identity, actor=person_at("S423"))


def _count(location: str, name: str, variances: Sequence[int]) -> str:
    """Count the articles that a building has most of, off by these units, and submit it."""
    place = current_network().by_code[location]
    rows = roomiest(location, len(variances), skip=5)
    actor = person_at(location)
    count = start_count(
        place=place,
        name=name,
        lines=lines_of_skus([row.sku_id for row in rows], location_id=place.id),
        threshold=Threshold(),
        actor=actor,
    )
    seen = {
        row.sku_id: row.on_hand + variance for row, variance in zip(rows, variances, strict=True)
    }
    figures = [(line, seen[line.sku_id]) for line in count.lines.order_by("walk", "pk")]
    enter_counts(identity=str(count.pk), seen=_seen(figures), actor=actor)
    submit_count(identity=str(count.pk), actor=actor)
    return str(count.pk)


def _seen(figures: Sequence[tuple[CountLine, int]]) -> list[Seen]:
    now = database_now()
    return [
        Seen(
            entry_id=uuid.uuid5(uuid.NAMESPACE_URL, f"demo/count/{line.pk}"),
            at=now,
            sku_id=line.sku_id,
            bin=line.bin,
            walk=line.walk,
            quantity=units,
        )
        for line, units in figures
    ]


def _colleague(actor: Principal) -> Principal:
    return replace(actor, id=f"{actor.id}:colleague", name=f"{actor.name}.colleague")


def compare_with_the_erp() -> None:
    """Apply a snapshot of the ERP for a warehouse: two of six figures differ from the ledger."""
    rows = roomiest("W2", 6, skip=2)
    as_of = database_now()
    figures = [
        Counted(spot_of(row), row.on_hand + drift, at=as_of)
        for row, drift in zip(rows, (0, -2, 0, 0, 3, 0), strict=True)
    ]
    occasion = Occasion(
        id=str(uuid.uuid4()),
        cause=f"a snapshot of {ERP}",
        reference=f"snapshots/{ERP}/{as_text(as_of)}",
        source=ERP,
    )

    def take() -> tuple[None, StockChange]:
        return None, apply_count(counts=figures, occasion=occasion, actor=shop()).change

    change_stock(take, waiting_for=[row.sku_id for row in rows], actor=shop())


def set_apart() -> None:
    """Set units apart in every condition: damaged, to be inspected, held back."""
    for location, skip, condition, units in (
        ("W1", 12, Condition.INSPECTION, 4),
        ("W1", 13, Condition.QUARANTINE, 6),
        ("S470", 6, Condition.DAMAGED, 1),
        ("S470", 7, Condition.QUARANTINE, 2),
        ("S163", 4, Condition.INSPECTION, 1),
    ):
        _move(roomiest(location, 1, skip=skip)[0], condition, units, actor=person_at(location))


def _move(row: Stock, condition: Condition, units: int, *, actor: Principal) -> None:
    moves = [Move(spot_of(row), units, AVAILABLE, condition.value)]
    change_stock(
        lambda: (None, move_unavailable(moves=moves, reference="NOTE-2", actor=actor)),
        waiting_for=[row.sku_id],
        actor=actor,
    )
