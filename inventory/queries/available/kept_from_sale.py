"""Units kept from sale on Stock rows: by their own levels and fences, and by rules."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from core.database.statements import numbers, run
from inventory.queries.available.keep_rules import rulebook_at
from inventory.rulebook import Kept

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# The revision whose rules apply and the database's time in microseconds, both as whole numbers
# because they come with every row. Read together with the balances, so that all of it is of the
# same time.
MOMENT = """
    coalesce((SELECT revision FROM stores_networkrevision WHERE id = 1), 0),
    (extract(epoch FROM statement_timestamp()) * 1000000)::bigint
"""
FENCE_HOLDS = "(until IS NULL OR until > statement_timestamp())"


class Resolver:
    """Computes what is kept on the rows of one statement, at the `MOMENT` that came with them."""

    def __init__(self, revision: int, microseconds: int) -> None:
        cached = rulebook_at(revision)
        self._rules = cached.book.in_force(EPOCH + timedelta(microseconds=microseconds))
        self._channels = cached.channels

    def kept(
        self,
        sku_id: int,
        category: str,
        abc_class: str,
        location_id: int,
        own: Sequence[Kept] = (),
    ) -> tuple[Kept, ...]:
        """Return what is kept on one row, whose own level and fences are `own`."""
        return self._rules.kept(sku_id, category, abc_class, location_id, own)

    def kept_of_sku(
        self,
        sku_id: int,
        category: str,
        abc_class: str,
        location_ids: Collection[int],
        own: Mapping[int, Sequence[Kept]],
    ) -> dict[int, tuple[Kept, ...]]:
        """Return what is kept on each of a SKU's rows, without those that keep nothing.

        `own` are levels and fences of the rows that have any.
        """
        places = location_ids if self.may_touch(sku_id) else own
        found = {
            place: self._rules.kept(sku_id, category, abc_class, place, own.get(place, ()))
            for place in places
        }
        return {place: levels for place, levels in found.items() if levels}

    def may_touch(self, sku_id: int) -> bool:
        """Say whether any rule might apply to a SKU, beside its rows' own levels and fences."""
        return self._rules.may_touch(sku_id)

    def fences(self, rows: Iterable[Sequence[Any]]) -> list[Kept]:
        """Replace channel ids by codes in fences read as (channel id, units, end)."""
        return [
            Kept(units, self._channels[channel_id], until)
            for channel_id, units, until in rows
            if channel_id in self._channels
        ]

    def keeps(self, levels: Iterable[Kept], channel_id: int) -> int:
        """Add up the units kept on a row that a channel must leave."""
        channel = self._channels.get(channel_id)
        return sum(
            level.quantity for level in levels if level.channel is None or level.channel != channel
        )


# One row a Stock row: its SKU and location, its own level, its fences in parallel arrays.
_READ_KEPT = f"""
SELECT {MOMENT}, s.id, s.safety_stock, f.channels, f.units, f.ends,
       k.id, k.category, k.abc_class, s.location_id
FROM inventory_stock s JOIN inventory_sku k ON k.id = s.sku_id
LEFT JOIN LATERAL (
    SELECT array_agg(channel_id) AS channels, array_agg(quantity) AS units, array_agg(until) AS ends
    FROM inventory_ringfence
    WHERE sku_id = s.sku_id AND location_id = s.location_id AND {FENCE_HOLDS}
) f ON true
WHERE s.id = ANY(%s::bigint[])
"""


def read_kept(stock_ids: Collection[int]) -> dict[int, tuple[Kept, ...]]:
    """Return what is kept on each of these Stock rows by its id, in one statement."""
    rows = run(_READ_KEPT, [numbers(stock_ids)])
    if not rows:
        return {}
    resolver = Resolver(*rows[0][:2])
    kept = {}
    for _, _, stock_id, level, channels, units, ends, sku, category, abc_class, place in rows:
        own = [Kept(level)] if level else []
        if channels:
            own += resolver.fences(zip(channels, units, ends, strict=True))
        kept[stock_id] = resolver.kept(sku, category, abc_class, place, own)
    return kept
