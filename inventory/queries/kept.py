"""What is kept from sale on Stock rows: their own levels and fences, and what rules add."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta

from django.db import connection

from inventory.keeping import Kept
from inventory.queries.keep_rules import keeping_at

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# The revision whose rules apply and the database's time in microseconds, both as whole numbers
# because they come with every row; then the own level and fences of a row `s` of inventory_stock.
# Read together with the balances, so that all of it is of one moment.
KEPT_COLUMNS = """
    coalesce((SELECT revision FROM stores_networkrevision WHERE id = 1), 0),
    (extract(epoch FROM statement_timestamp()) * 1000000)::bigint,
    s.safety_stock, f.channels, f.units, f.ends
"""
FENCES = """
    SELECT sku_id, location_id, array_agg(channel_id) AS channels, array_agg(quantity) AS units,
           array_agg(until) AS ends
    FROM inventory_ringfence
"""
FENCE_HOLDS = "(until IS NULL OR until > statement_timestamp())"


class Resolver:
    """Says what applies to the rows of one statement, from what `KEPT_COLUMNS` read."""

    def __init__(self, revision: int, microseconds: int) -> None:
        keeping = keeping_at(revision)
        self._rules = keeping.book.in_force(EPOCH + timedelta(microseconds=microseconds))
        self._channels = keeping.channels

    def kept(
        self,
        sku_id: int,
        category: str,
        abc_class: str,
        location_id: int,
        safety_stock: int,
        channels: Sequence[int] | None,
        units: Sequence[int] | None,
        ends: Sequence[datetime | None] | None,
    ) -> tuple[Kept, ...]:
        own = [Kept(safety_stock)] if safety_stock else []
        if channels and units and ends:
            own += [
                Kept(quantity, self._channels[channel_id], until)
                for channel_id, quantity, until in zip(channels, units, ends, strict=True)
                if channel_id in self._channels
            ]
        return self._rules.kept(sku_id, category, abc_class, location_id, own)

    def code_of(self, channel_id: int) -> str | None:
        return self._channels.get(channel_id)


def read_kept(stock_ids: Collection[int]) -> dict[int, tuple[Kept, ...]]:
    """Return what is kept on each of these Stock rows by its id, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT s.id, {KEPT_COLUMNS}, k.id, k.category, k.abc_class, s.location_id
            FROM inventory_stock s JOIN inventory_sku k ON k.id = s.sku_id
            LEFT JOIN LATERAL (
                {FENCES} WHERE sku_id = s.sku_id AND location_id = s.location_id AND {FENCE_HOLDS}
                GROUP BY sku_id, location_id
            ) f ON true
            WHERE s.id = ANY(%s::bigint[])
            """,
            [list(stock_ids)],
        )
        rows = cursor.fetchall()
    if not rows:
        return {}
    resolver = Resolver(*rows[0][1:3])
    return {row[0]: resolver.kept(*row[7:], *row[3:7]) for row in rows}
