"""Files of stock and of counts: applied to the pool, and what follows for orders."""

from __future__ import annotations

from collections.abc import Collection

from django.db import connection

from core.imports.findings import RowError, note_row_errors
from core.imports.kinds import Chunk, Kind, Progress
from inventory import ledger
from inventory.commands.change import StockChange
from inventory.commands.counting.count_file import CountedFile, count_file
from inventory.imports.counted import is_dated, note_changes, prepare_counted
from inventory.ledger import Figures
from inventory.settlement import settlement

BLOCKS = 192  # some 25,000 rows, whose Stock rows are locked for a part of a second


def _apply(chunk: Chunk, *, moment: str) -> Progress:
    if chunk.file.dry_run:
        return note_changes(chunk, dated=is_dated(chunk.file, moment))
    figures = Figures(
        f"SELECT *, ctid AS figure FROM {chunk.work} WHERE {chunk.within}", table=chunk.work
    )
    waiting, stale, rows = _concerned(chunk)

    def count() -> tuple[CountedFile, StockChange]:
        counted = count_file(
            figures=figures,
            dated=is_dated(chunk.file, moment),
            name=f"imports/{chunk.file.pk}",
            reference=chunk.reference,
            waiting_for=waiting,
            stale=stale,
            actor=chunk.actor,
        )
        return counted, counted.change

    def lock(skus: Collection[int]) -> None:
        ledger.open_and_lock_figures(figures, skus={*skus, *stale})

    done = settlement().change_stock(count, waiting_for=waiting, actor=chunk.actor, lock=lock)
    note_row_errors(
        chunk.file,
        [RowError(line, "on_hand", refusal.code, refusal.detail) for line, refusal in done.refused],
    )
    return Progress(
        done=rows - done.left,
        changed=done.changed,
        failed=len(done.refused),
        again=done.left > 0,
    )


def _concerned(chunk: Chunk) -> tuple[frozenset[int], frozenset[int], int]:
    """Return the SKUs of a chunk that orders wait for, those with expired holds, and its rows."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT array_agg(DISTINCT sku_id) FILTER (WHERE sku_id = ANY(%s)),
                       array_agg(DISTINCT sku_id) FILTER (WHERE sku_id = ANY(%s)), count(*)
                FROM {chunk.work} WHERE {chunk.within}""",
            [list(settlement().skus_waited_for()), ledger.skus_with_stale_holds()],
        )
        waiting, stale, rows = cursor.fetchone()
    return frozenset(waiting or ()), frozenset(stale or ()), rows


def _kind(name: str, moment: str, describes: str, *, needed: bool) -> Kind:
    return Kind(
        name=name,
        scope="stock:write",
        columns={"sku": True, "location": True, "on_hand": True, moment: False},
        prepare=lambda file: prepare_counted(file, moment=moment, needed=needed),
        apply=lambda chunk: _apply(chunk, moment=moment),
        describes=describes,
        takes_as_of=True,
        blocks=BLOCKS,
        aliases={
            **dict.fromkeys(("quantity", "qty", "stock", "in_stock"), "on_hand"),
            **dict.fromkeys(("source_code", "store_code", "store"), "location"),
            "id": "sku",
        },
    )


STOCK = _kind(
    "stock", "as_of", "What each location has of each SKU, as the owner of the record says",
    needed=False,
)  # fmt: skip
COUNTS = _kind(
    "counts", "counted_at", "What people counted, each row at its own moment", needed=False
)
