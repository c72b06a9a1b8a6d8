"""Periodic tasks of the stock pool. A missed run is made up for by the next one."""

from __future__ import annotations

from celery import shared_task
from django.db import connection, transaction

from core.access.principal import SYSTEM
from core.idempotency.execute import retry_conflicts
from inventory.commands.holds import end_stale_holds

PARTITION_SIZE = 5_000_000  # ids a partition of the ledger, as its SQL function cuts them
PARTITIONS_AHEAD = 2


@shared_task
def expire_reservations() -> int:
    """Expire holds in batches; return how many carts lost theirs.

    Short transactions, because each locks its Stock rows until it commits.
    """

    @transaction.atomic
    def end_some() -> list[str]:
        return end_stale_holds(actor=SYSTEM.name)

    total = 0
    while carts := retry_conflicts(end_some):
        total += len(carts)
    return total


@shared_task
def prepare_ledger() -> list[int]:
    """Keep two empty partitions of the ledger ahead of its newest id; return those it added.

    A movement without a partition would be refused, and with it every sale.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        # Adding one waits for all readers of the ledger, and all writers queue behind it: give
        # up soon and let the next round try again. There is one more partition in reserve.
        cursor.execute("SET LOCAL lock_timeout = '2s'")
        cursor.execute(
            """SELECT greatest(coalesce((SELECT max(id) FROM inventory_stockmovement), 0),
                               (SELECT last_value FROM inventory_stockmovement_id_seq))"""
        )
        current = cursor.fetchone()[0] // PARTITION_SIZE
        ahead = range(current, current + PARTITIONS_AHEAD + 1)
        cursor.execute(
            """SELECT n FROM unnest(%s::bigint[]) AS n
               WHERE to_regclass('inventory_stockmovement_p' || n) IS NULL ORDER BY n""",
            [list(ahead)],
        )
        missing = [number for (number,) in cursor.fetchall()]
        for number in missing:
            cursor.execute("SELECT inventory_add_ledger_partition(%s)", [number])
    return missing
