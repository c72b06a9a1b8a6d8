"""Periodic tasks of the stock pool. A missed run is made up for by the next one."""

from __future__ import annotations

from celery import shared_task
from django.db import connection, transaction

from core.access.principal import SYSTEM
from core.idempotency.execute import retry_conflicts
from inventory.commands.holds import end_stale_holds
from inventory.queries.ledger_partitions import NEWEST

PARTITION_SIZE = 5_000_000  # ids a partition of the ledger, as its SQL function cuts them
PARTITIONS_AHEAD = 3


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
    """Keep empty partitions of the ledger ahead of its newest id; return those it added.

    Movements that had none are in the default partition, which becomes theirs.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        # Adding one waits for all readers of the ledger, and all writers queue behind it: give
        # up soon and let the next round try again. There is more room in reserve.
        cursor.execute("SET LOCAL lock_timeout = '2s'")
        cursor.execute(
            f"""SELECT n FROM (
                    SELECT generate_series(newest, newest + %(ahead)s)
                    FROM (SELECT {NEWEST} / %(size)s) AS at(newest)
                    UNION SELECT min(id) / %(size)s FROM inventory_stockmovement_default
                ) AS wanted(n)
                WHERE NOT EXISTS (SELECT FROM inventory_ledger_partitions()
                                  WHERE n * %(size)s >= first AND n * %(size)s < beyond)
                ORDER BY n""",
            {"ahead": PARTITIONS_AHEAD, "size": PARTITION_SIZE},
        )
        missing = [number for (number,) in cursor.fetchall() if number is not None]
        for number in missing:
            cursor.execute("SELECT inventory_add_ledger_partition(%s)", [number])
    return missing
