"""Posting movements: the statement that changes balances, writes the ledger and its events."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import DataError, IntegrityError, connection
from psycopg import errors as pg

from inventory.errors import BalanceOutOfRange
from inventory.ledger.shapes import ACTOR_LENGTH, Balance, Entry

# Writes events for the rows of `changed`. A subject holds 128 characters, which two codes of 64
# exceed: the goods could not be received for the length of their name. The data has both codes
# whole.
TELL = """
INSERT INTO outbox_event (type, subject, actor, data)
SELECT 'stock.changed', 'stock/' || k.code || '@' || l.code, %(actor)s::text,
       json_build_object(
           'sku', k.code, 'location', l.code, 'on_hand', c.on_hand, 'reserved', c.reserved,
           'unavailable', c.unavailable, 'available', c.on_hand - c.reserved - c.unavailable,
           'safety_stock', c.safety_stock, 'version', c.version)
FROM changed c JOIN inventory_sku k ON k.id = c.sku_id
JOIN stores_location l ON l.id = c.location_id
"""

# Common table expressions that post the rows of `entry`, which must be defined before them.
# `locked` takes the locks in (SKU, location) order before any row changes. `{guard}` may refuse
# rows, which the caller then misses in `changed`. Within a row each movement is recorded after the
# one before, also when the clock was set back in between: all reading by time relies on that.
POST = f"""
delta AS (
    SELECT sku_id, location_id, sum(on_hand)::int AS on_hand, sum(reserved)::int AS reserved,
           sum(unavailable)::int AS unavailable, max(needs) AS needs, count(*) AS entries
    FROM entry GROUP BY sku_id, location_id
), locked AS MATERIALIZED (
    SELECT s.id FROM inventory_stock s JOIN delta d USING (sku_id, location_id)
    ORDER BY s.sku_id, s.location_id FOR UPDATE OF s
), changed AS (
    UPDATE inventory_stock s
    SET on_hand = s.on_hand + d.on_hand, reserved = s.reserved + d.reserved,
        unavailable = s.unavailable + d.unavailable, version = s.version + 1,
        moved_at = greatest(clock_timestamp(), s.moved_at + d.entries * interval '1 microsecond')
    FROM delta d
    WHERE s.sku_id = d.sku_id AND s.location_id = d.location_id
      AND s.id IN (SELECT id FROM locked) {{guard}}
    RETURNING s.sku_id, s.location_id, s.on_hand, s.reserved, s.unavailable, s.safety_stock,
              s.version, s.moved_at
), moved AS (
    INSERT INTO inventory_stockmovement
        (sku_id, location_id, on_hand_delta, reserved_delta, unavailable_delta,
         on_hand_after, reserved_after, unavailable_after,
         reason, reference, actor, occurred_at, recorded_at)
    SELECT e.sku_id, e.location_id, e.on_hand, e.reserved, e.unavailable,
           c.on_hand - d.on_hand + sum(e.on_hand) OVER w,
           c.reserved - d.reserved + sum(e.reserved) OVER w,
           c.unavailable - d.unavailable + sum(e.unavailable) OVER w,
           e.reason, e.reference, %(actor)s::text, coalesce(e.occurred_at, statement_timestamp()),
           c.moved_at - (d.entries - row_number() OVER w) * interval '1 microsecond'
    FROM entry e
    JOIN changed c USING (sku_id, location_id)
    JOIN delta d USING (sku_id, location_id)
    WINDOW w AS (PARTITION BY e.sku_id, e.location_id ORDER BY e.n)
    ORDER BY e.sku_id, e.location_id, e.n
), told AS ({TELL})
"""

_POST_ENTRIES = f"""
WITH entry AS (
    SELECT *, 0 AS needs FROM unnest(
        %(sku)s::bigint[], %(location)s::bigint[], %(on_hand)s::int[], %(reserved)s::int[],
        %(unavailable)s::int[], %(reason)s::text[], %(reference)s::text[],
        %(occurred_at)s::timestamptz[]
    ) WITH ORDINALITY AS e(sku_id, location_id, on_hand, reserved, unavailable, reason,
                           reference, occurred_at, n)
), {POST.format(guard="")}
SELECT sku_id, location_id, on_hand, reserved, unavailable, version FROM changed
"""


def post(entries: Sequence[Entry], *, actor: str) -> list[Balance]:
    """Post movements and change the balances by them; return the rows after.

    Entries of one row are posted in their order. Raises `BalanceOutOfRange` when a balance
    violate the rules of the pool: PostgreSQL has refused the statement then, so the caller's
    transaction or savepoint can only be rolled back. Raises `LookupError` when a row does not
    exist: `open_rows` first.
    """
    if not entries:
        return []
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                _POST_ENTRIES,
                {
                    "sku": [entry.sku_id for entry in entries],
                    "location": [entry.location_id for entry in entries],
                    "on_hand": [entry.on_hand for entry in entries],
                    "reserved": [entry.reserved for entry in entries],
                    "unavailable": [entry.unavailable for entry in entries],
                    "reason": [str(entry.reason) for entry in entries],
                    "reference": [entry.reference for entry in entries],
                    "occurred_at": [entry.occurred_at for entry in entries],
                    "actor": actor[:ACTOR_LENGTH],
                },
            )
            balances = [Balance(*row) for row in cursor.fetchall()]
    except (IntegrityError, DataError) as error:
        if _is_out_of_range(error.__cause__):
            raise BalanceOutOfRange() from error
        raise
    missing = {(e.sku_id, e.location_id) for e in entries} - {
        (b.sku_id, b.location_id) for b in balances
    }
    if missing:
        # Units that are in no balance would be lost silently.
        raise LookupError(f"No Stock row for (SKU, location) {sorted(missing)}: open it first.")
    return balances


def _is_out_of_range(cause: BaseException | None) -> bool:
    if isinstance(cause, pg.CheckViolation):
        # A ledger without a partition for the next id violates a check too, and is no refusal.
        return cause.diag.table_name == "inventory_stock"
    return isinstance(cause, pg.NumericValueOutOfRange)
