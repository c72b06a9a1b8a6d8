"""Applying counts and snapshots, and settling the orders that they affect."""

from __future__ import annotations

from functools import partial

from core.access.principal import Principal
from inventory import ledger
from inventory.commands.change import StockChange
from inventory.commands.counting.count import AppliedCount
from inventory.commands.counting.count_review import finish_count
from inventory.commands.counting.count_work import lock_count
from inventory.queries.counting.counts import sku_ids_counted
from inventory.settlement import settlement


def apply_finished_count(*, identity: str, actor: Principal) -> AppliedCount:
    """Apply a count in review, source broken promises again, fill backorders.

    The count is locked before anything else: the pool may lock stock before it runs the act,
    and two people who apply one count would deadlock.
    """
    count = lock_count(identity=identity, actor=actor)
    skus = sku_ids_counted(identity)

    def finish() -> tuple[AppliedCount, StockChange]:
        return finish_count(identity=identity, actor=actor)

    return settlement().change_stock(
        finish,
        waiting_for=skus,
        actor=actor,
        lock=partial(ledger.open_and_lock, [(sku_id, count.location_id) for sku_id in skus]),
    )
