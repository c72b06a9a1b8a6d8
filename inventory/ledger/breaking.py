"""Breaking reservations that the stock no longer covers, the least sure of their goods first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db import connection

from inventory.choices import Reason, ReservationState
from inventory.ledger.reservations import end_locked
from inventory.ledger.rows import Pair, lock_rows
from inventory.ledger.shapes import Broken, Entry, LiveReservation

# The reservations that end for `missing` units in each row, and how much of each: expired holds
# first, because they bind no units any more; then by how sure the goods are, and of equally sure
# ones the newest. A reservation of which a part is in hand is two parts here.
_CHOOSE = """
SELECT id, sku_id, location_id, quantity, reference, state, stale, group_id, grip, in_hand,
       sum(lost)::int
FROM (
    SELECT *, least(units, missing - (sum(units) OVER w - units)) AS lost
    FROM (
        SELECT r.*, short.missing, part.units, part.sure,
               state = 'held' AND expires_at <= statement_timestamp() AS stale
        FROM inventory_reservation r
        JOIN unnest(%s::bigint[], %s::bigint[], %s::int[]) AS short(sku_id, location_id, missing)
            USING (sku_id, location_id)
        CROSS JOIN LATERAL (VALUES
            (least(r.grip, 1), r.quantity - r.in_hand), (r.grip, r.in_hand)) AS part(sure, units)
        WHERE state IN ('held', 'confirmed') AND part.units > 0
    ) AS live
    WINDOW w AS (PARTITION BY sku_id, location_id ORDER BY stale DESC, sure, id DESC)
) AS ranked
WHERE lost > 0
GROUP BY id, sku_id, location_id, quantity, reference, state, stale, group_id, grip, in_hand
ORDER BY sku_id, location_id, stale DESC, min(sure), id DESC
"""


def make_room(entries: Sequence[Entry], *, actor: str) -> list[Broken]:
    """Break reservations of rows that `entries` would leave short; return what broke.

    They break by how sure their goods are: expired holds, carts, units on the shelf, picked ones,
    and last those in a box or bay; among equals the newest. Call it just before posting `entries`:
    a person's figure is recorded, and the promises beyond it end. Units that are `unavailable` are
    not reduced here: where they too must be gone, `entries` reduce them.
    """
    change: dict[Pair, int] = {}
    for entry in entries:
        pair = (entry.sku_id, entry.location_id)
        available = entry.on_hand - entry.reserved - entry.unavailable
        change[pair] = change.get(pair, 0) + available
    missing = {pair: -(row.available + change[pair]) for pair, row in lock_rows(change).items()}
    live, broken = _choose({pair: units for pair, units in missing.items() if units > 0})
    if broken:
        end_locked(
            live,
            {part.reservation_id: part.quantity for part in broken},
            state=ReservationState.BROKEN,
            reason=Reason.BROKEN,
            actor=actor,
        )
    return broken


def _choose(missing: Mapping[Pair, int]) -> tuple[dict[int, LiveReservation], list[Broken]]:
    if not missing:
        return {}, []
    columns = [[sku for sku, _ in missing], [place for _, place in missing]]
    with connection.cursor() as cursor:
        cursor.execute(_CHOOSE, [*columns, list(missing.values())])
        rows = cursor.fetchall()
    live = {row[0]: LiveReservation(*row[:10]) for row in rows}
    broken = [_broken(held, lost) for held, (*_, lost) in zip(live.values(), rows, strict=True)]
    return live, broken


def _broken(held: LiveReservation, lost: int) -> Broken:
    return Broken(
        held.reservation_id,
        held.sku_id,
        held.location_id,
        lost,
        held.reference,
        in_hand=max(0, lost - (held.quantity - held.in_hand)),
    )
