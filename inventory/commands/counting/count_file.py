"""Applying count files of millions of rows, some ten thousand at a time."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection, transaction

from core.access.principal import Principal
from core.problems.catalogue import DomainError
from inventory import ledger
from inventory.commands.change import StockChange
from inventory.commands.counting.count import Occasion, count_among_locked
from inventory.commands.holds import end_stale_holds
from inventory.ledger import Broken, CountContext, Figures
from inventory.queries.counting.findings import Counted
from inventory.queries.lookup import Spot

SOURCE = "import"  # the source of these figures, beside people and other systems
AT_ONCE = 1_000  # rows that one statement cannot settle, counted together


@dataclass(frozen=True, slots=True)
class CountedFile:
    """The result of counting a part of a file. `refused` are lines with an impossible figure.

    `left`: so many figures are left for a transaction of their own, and only these are still in
    the table: commit, and count the part again.
    """

    changed: int
    change: StockChange
    refused: list[tuple[int, DomainError]]
    left: int = 0


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    counted: Counted


def count_file(
    *,
    figures: Figures,
    dated: bool,
    name: str,
    reference: str,
    waiting_for: Collection[int],
    stale: Collection[int],
    actor: Principal,
) -> CountedFile:
    """Correct `on_hand` to the figures of a file, as `apply_count` does.

    `stale` are the SKUs of the figures with expired holds: these are ended, and all their rows
    locked with those of the figures. Where one expires meanwhile, it is left to the next act.
    Most rows are settled by one statement of the ledger. The few where reservations break or units
    are unavailable are counted by `apply_count`. `change.more` holds only SKUs of `waiting_for`: of
    a million rows, few have backorders.
    """
    context = CountContext(name=name, reference=reference, actor=actor.name, waiting=waiting_for)
    if not dated:
        plain = ledger.count_in_place(figures, context)
        if plain.changed or not plain.left:
            change = StockChange(more=plain.more, cause=name)
            return CountedFile(plain.changed, change, [], left=plain.left)
    # All at once: rows that `count_rows` leaves would be locked after those that it changes.
    ledger.open_and_lock_figures(figures, skus=stale)
    if stale:
        end_stale_holds(actor=actor.name, sku_ids=sorted(stale))
    done = ledger.count_rows(figures, context, dated=dated)
    changed, more, broken = done.changed, set(done.more), list[Broken]()
    refused: list[tuple[int, DomainError]] = []
    rows = _read_rows(figures, done.left)
    occasion = Occasion(
        id=name.rpartition("/")[2], cause=name, reference=reference, source=SOURCE, file=name
    )
    for start in range(0, len(rows), AT_ONCE):
        part = _count_rows(rows[start : start + AT_ONCE], occasion=occasion, actor=actor)
        changed += part.changed
        more |= part.change.more & set(waiting_for)
        broken += part.change.broken
        refused += part.refused
    change = StockChange(more=frozenset(more), broken=broken, cause=occasion.cause)
    return CountedFile(changed, change, refused)


def _count_rows(rows: list[_Row], *, occasion: Occasion, actor: Principal) -> CountedFile:
    """Count some rows; an impossible one is refused alone."""
    try:
        with transaction.atomic():
            applied = count_among_locked(
                counts=[row.counted for row in rows], occasion=occasion, actor=actor
            )
    except DomainError as refusal:
        if len(rows) == 1:
            return CountedFile(0, StockChange(), [(rows[0].line, refusal)])
        alone = [_count_rows([row], occasion=occasion, actor=actor) for row in rows]
        return CountedFile(
            changed=sum(part.changed for part in alone),
            change=StockChange(
                more=frozenset().union(*(part.change.more for part in alone)),
                broken=[broken for part in alone for broken in part.change.broken],
            ),
            refused=[each for part in alone for each in part.refused],
        )
    return CountedFile(
        changed=sum(bool(finding.variance) for finding in applied.findings),
        change=applied.change,
        refused=[],
    )


def _read_rows(figures: Figures, pairs: list[tuple[int, int]]) -> list[_Row]:
    if not pairs:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT f.line, f.as_of, f.sku_id, k.code, f.location_id, l.code, f.on_hand
                FROM ({figures.query}) AS f
                JOIN unnest(%s::bigint[], %s::bigint[]) AS left_(sku_id, location_id)
                    USING (sku_id, location_id)
                JOIN inventory_sku k ON k.id = f.sku_id
                JOIN stores_location l ON l.id = f.location_id
                ORDER BY f.sku_id, f.location_id""",
            [[sku for sku, _ in pairs], [location for _, location in pairs]],
        )
        return [
            _Row(line, Counted(Spot(sku_id, sku, location_id, location), on_hand, at=as_of))
            for line, as_of, sku_id, sku, location_id, location, on_hand in cursor.fetchall()
        ]
