"""Counts and snapshots, with what follows from them for orders."""

from __future__ import annotations

from inventory.commands.change import StockChange
from inventory.commands.count import AppliedCount
from inventory.commands.count_review import finish_count
from inventory.commands.count_work import lock_count
from inventory.queries.counts import sku_ids_counted
from omniretail.access.principal import Principal
from orders.commands.pool import change_pool


def apply_finished_count(*, identity: str, actor: Principal) -> AppliedCount:
    """Put the record right by a count in review; mend promises, fill backorders.

    The count is locked before anything else: the pool may lock stock before it runs the act,
    and two who apply one count would wait for each other.
    """
    lock_count(identity=identity, actor=actor)

    def finish() -> tuple[AppliedCount, StockChange]:
        return finish_count(identity=identity, actor=actor)

    return change_pool(finish, waiting_for=sku_ids_counted(identity), actor=actor)
