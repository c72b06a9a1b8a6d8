"""Partitions of the ledger: how far they reach, and movements that had none."""

from __future__ import annotations

from django.db import connection

from core.metrics.figures import Figures

# The newest id that was drawn: a movement with it may not be committed yet.
NEWEST = """greatest(coalesce((SELECT max(id) FROM inventory_stockmovement), 0),
                     (SELECT last_value FROM inventory_stockmovement_id_seq))"""

FIGURES = Figures(
    f"""SELECT coalesce((SELECT max(beyond) FROM inventory_ledger_partitions()), 0) - {NEWEST}
                  AS ledger_ids_ahead,
               EXISTS (SELECT FROM inventory_stockmovement_default)::int
                  AS ledger_default_partition_used""",
    {
        "ledger_ids_ahead": "Movements that the prepared partitions of the ledger still have room "
        "for",
        "ledger_default_partition_used": "1 where movements had no partition of their own",
    },
)

_HAS_ROOM = f"""
SELECT EXISTS (SELECT FROM inventory_ledger_partitions()
               WHERE {NEWEST} + 1 >= first AND {NEWEST} + 1 < beyond)
       OR EXISTS (SELECT FROM pg_partitioned_table
                  WHERE partrelid = 'inventory_stockmovement'::regclass AND partdefid <> 0)
"""


def has_room() -> bool:
    """Say whether there is a partition, if only the default one, for the next movement."""
    with connection.cursor() as cursor:
        cursor.execute(_HAS_ROOM)
        return bool(cursor.fetchone()[0])
