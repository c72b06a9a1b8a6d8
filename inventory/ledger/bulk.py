"""Counting very many rows: the SQL of movements and of events for many rows each."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from inventory.choices import Reason
from inventory.ledger.shapes import ACTOR_LENGTH

SNAPSHOTS = 1_000  # Stock rows in one event at most

# The time of the next movement of a Stock row `s`, as in `posting`.
NEXT_MOVED_AT = "greatest(clock_timestamp(), s.moved_at + interval '1 microsecond')"

# Common table expressions for the rows of `changed`: a Stock row each with `before` (its on_hand)
# and `as_of` (NULL: now).
#
# Events hold a column of values each for all their rows: half the bytes of a document a row, and
# 2.7 us a row to write where those took 5.1. Put together as text: the JSON functions took longer.
# In parts by numbers of SKUs, of which each comes once at a location: counting the rows of each
# would sort them.
WRITTEN = f"""
moved AS (
    INSERT INTO inventory_stockmovement
        (sku_id, location_id, on_hand_delta, reserved_delta, unavailable_delta,
         on_hand_after, reserved_after, unavailable_after,
         reason, reference, actor, occurred_at, recorded_at)
    SELECT sku_id, location_id, on_hand - before, 0, 0, on_hand, reserved, unavailable,
           %(reason)s, %(reference)s, %(actor)s, coalesce(as_of, statement_timestamp()), moved_at
    FROM changed
), published AS (
    INSERT INTO outbox_event (type, subject, actor, data)
    SELECT 'stock.imported', %(subject)s, %(actor)s,
           (%(head)s || to_json(min(l.code)) || ',"sku":' || array_to_json(array_agg(k.code))
            || ',"on_hand":[' || array_to_string(array_agg(c.on_hand), ',')
            || '],"reserved":[' || array_to_string(array_agg(c.reserved), ',')
            || '],"unavailable":[' || array_to_string(array_agg(c.unavailable), ',')
            || '],"safety_stock":[' || array_to_string(array_agg(c.safety_stock), ',')
            || '],"version":[' || array_to_string(array_agg(c.version), ',') || %(tail)s)::json
    FROM changed c
    JOIN inventory_sku k ON k.id = c.sku_id
    JOIN stores_location l ON l.id = c.location_id
    GROUP BY c.location_id, (c.sku_id - (SELECT min(sku_id) FROM changed)) / {SNAPSHOTS}
)
"""
# SKUs with backorders of which more can be promised than before.
MORE = """(SELECT array_agg(DISTINCT sku_id) FROM changed
           WHERE on_hand > before AND sku_id = ANY(%(waiting)s::bigint[]))"""


@dataclass(frozen=True, slots=True)
class Figures:
    """The source of figures: a query of the columns sku_id, location_id, on_hand and as_of (NULL:
    now), at most one row a Stock row. It comes from the code, never from a request.

    For `count_in_place` also of figure, the row's own ctid in `table`, and of stock_id, place and
    before: the Stock row's id, ctid and on_hand when the figure was compared with it, NULL where
    there was none.
    """

    query: str
    table: str = ""


@dataclass(frozen=True, slots=True)
class CountContext:
    """Values of the movements and events of counted rows. `name` is the import's
    resource; `waiting` are the SKUs to be checked for more units that can be promised."""

    name: str
    reference: str
    actor: str
    waiting: Collection[int] = ()

    @property
    def parameters(self) -> dict[str, Any]:
        return {
            "reason": str(Reason.COUNT),
            "reference": self.reference,
            "actor": self.actor[:ACTOR_LENGTH],
            "subject": self.name,
            "head": f'{{"import": "{self.name.rpartition("/")[2]}", "location": ',
            "tail": "]}",
            "waiting": list(self.waiting),
        }
