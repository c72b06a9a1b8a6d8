"""What each location could still promise of some SKUs, for one channel: one statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection


@dataclass(frozen=True, slots=True)
class Candidate:
    """One Stock row seen by one channel. Units; `sellable` may be below zero.

    `fenced` is what other channels have ring-fenced here; `stale` is held by carts whose time
    is over but which no sweep has ended yet: it counts as sellable.
    """

    sku_id: int
    location_id: int
    sellable: int
    fenced: int
    stale: int


@dataclass(frozen=True, slots=True)
class Shelf:
    """The candidates of the asked SKUs; an unknown SKU is missing from `sku_ids`."""

    sku_ids: dict[str, int]
    candidates: dict[int, list[Candidate]]  # by SKU id

    @property
    def has_stale_holds(self) -> bool:
        return any(row.stale for rows in self.candidates.values() for row in rows)


def read_shelf(*, skus: Sequence[str], channel_id: int) -> Shelf:
    """Read every Stock row of these SKU codes as this channel sees it."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT k.code, k.id, s.location_id,
                   s.on_hand - s.reserved - s.unavailable - s.safety_stock
                       - coalesce(f.units, 0) + coalesce(h.units, 0),
                   coalesce(f.units, 0), coalesce(h.units, 0)
            FROM inventory_sku k
            LEFT JOIN inventory_stock s ON s.sku_id = k.id
            LEFT JOIN LATERAL (
                SELECT sum(quantity)::int AS units FROM inventory_ringfence
                WHERE sku_id = s.sku_id AND location_id = s.location_id AND channel_id <> %s
                  AND (until IS NULL OR until > statement_timestamp())
            ) f ON true
            LEFT JOIN LATERAL (
                SELECT sum(quantity)::int AS units FROM inventory_reservation
                WHERE sku_id = s.sku_id AND location_id = s.location_id AND state = 'held'
                  AND expires_at <= statement_timestamp()
            ) h ON true
            WHERE k.code = ANY(%s::text[])
            """,
            [channel_id, list(skus)],
        )
        sku_ids: dict[str, int] = {}
        candidates: dict[int, list[Candidate]] = {}
        for code, sku_id, location_id, sellable, fenced, stale in cursor.fetchall():
            sku_ids[code] = sku_id
            rows = candidates.setdefault(sku_id, [])
            if location_id is not None:
                rows.append(Candidate(sku_id, location_id, sellable, fenced, stale))
    return Shelf(sku_ids, candidates)
