"""The one writer of the stock pool.

Only this module changes `Stock`, `StockMovement` and `Reservation` rows. Every function runs in
the caller's transaction and locks Stock rows in (SKU, location) order, one statement for any
number of rows. Each balance change carries its movement and its `stock.changed` event.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection
from psycopg import errors as pg

from inventory.choices import Reason, ReservationState
from inventory.errors import BalanceOutOfRange

ACTOR_LENGTH = 150
BALANCE_LIMIT = 2_000_000_000  # PostgreSQL's integer, with room for one more change


@dataclass(frozen=True, slots=True)
class Entry:
    """One movement to be posted: deltas in units on one Stock row."""

    sku_id: int
    location_id: int
    on_hand: int = 0
    reserved: int = 0
    unavailable: int = 0
    reason: str = Reason.OTHER
    reference: str = ""
    occurred_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Balance:
    """A Stock row after a change."""

    sku_id: int
    location_id: int
    on_hand: int
    reserved: int
    unavailable: int
    version: int

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved - self.unavailable


@dataclass(frozen=True, slots=True)
class Claim:
    """A reservation to be made. `fenced` units of the row belong to other channels."""

    reservation_id: int
    sku_id: int
    location_id: int
    quantity: int
    fenced: int
    reference: str


@dataclass(frozen=True, slots=True)
class Part:
    """Some or all units of a live reservation."""

    reservation_id: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Broken:
    """Units of a claim that turned out not to be there."""

    reservation_id: int
    sku_id: int
    location_id: int
    quantity: int
    reference: str


# `entry` must be defined before; the rest posts it. Locks are taken in (SKU, location) order
# by `locked` before any row changes. `{guard}` may refuse rows, which the caller then misses.
_POST = """
delta AS (
    SELECT sku_id, location_id, sum(on_hand)::int AS on_hand, sum(reserved)::int AS reserved,
           sum(unavailable)::int AS unavailable, max(fenced) AS fenced
    FROM entry GROUP BY sku_id, location_id
), locked AS MATERIALIZED (
    SELECT s.id FROM inventory_stock s JOIN delta d USING (sku_id, location_id)
    ORDER BY s.sku_id, s.location_id FOR UPDATE OF s
), changed AS (
    UPDATE inventory_stock s
    SET on_hand = s.on_hand + d.on_hand, reserved = s.reserved + d.reserved,
        unavailable = s.unavailable + d.unavailable, version = s.version + 1
    FROM delta d
    WHERE s.sku_id = d.sku_id AND s.location_id = d.location_id
      AND s.id IN (SELECT id FROM locked) {guard}
    RETURNING s.sku_id, s.location_id, s.on_hand, s.reserved, s.unavailable, s.safety_stock,
              s.version
), moved AS (
    INSERT INTO inventory_stockmovement
        (sku_id, location_id, on_hand_delta, reserved_delta, unavailable_delta,
         on_hand_after, reserved_after, unavailable_after,
         reason, reference, actor, occurred_at)
    SELECT e.sku_id, e.location_id, e.on_hand, e.reserved, e.unavailable,
           c.on_hand - d.on_hand + sum(e.on_hand) OVER w,
           c.reserved - d.reserved + sum(e.reserved) OVER w,
           c.unavailable - d.unavailable + sum(e.unavailable) OVER w,
           e.reason, e.reference, %(actor)s, coalesce(e.occurred_at, statement_timestamp())
    FROM entry e
    JOIN changed c USING (sku_id, location_id)
    JOIN delta d USING (sku_id, location_id)
    WINDOW w AS (PARTITION BY e.sku_id, e.location_id ORDER BY e.n)
    ORDER BY e.sku_id, e.location_id, e.n
), told AS (
    INSERT INTO outbox_event (type, subject, actor, data)
    SELECT 'stock.changed', 'stock/' || k.code || '@' || l.code, %(actor)s,
           jsonb_build_object(
               'sku', k.code, 'location', l.code, 'on_hand', c.on_hand, 'reserved', c.reserved,
               'unavailable', c.unavailable, 'available', c.on_hand - c.reserved - c.unavailable,
               'safety_stock', c.safety_stock, 'version', c.version)
    FROM changed c JOIN inventory_sku k ON k.id = c.sku_id
    JOIN stores_location l ON l.id = c.location_id
)
"""

_BALANCES = """
SELECT sku_id, location_id, on_hand, reserved, unavailable, version FROM changed
"""

_POST_ENTRIES = f"""
WITH entry AS (
    SELECT *, 0 AS fenced FROM unnest(
        %(sku)s::bigint[], %(location)s::bigint[], %(on_hand)s::int[], %(reserved)s::int[],
        %(unavailable)s::int[], %(reason)s::text[], %(reference)s::text[],
        %(occurred_at)s::timestamptz[]
    ) WITH ORDINALITY AS e(sku_id, location_id, on_hand, reserved, unavailable, reason,
                           reference, occurred_at, n)
), {_POST.format(guard="")} {_BALANCES}
"""

_RESERVE = f"""
WITH claim AS (
    SELECT * FROM unnest(
        %(id)s::bigint[], %(sku)s::bigint[], %(location)s::bigint[], %(quantity)s::int[],
        %(fenced)s::int[], %(reference)s::text[]
    ) WITH ORDINALITY AS c(id, sku_id, location_id, quantity, fenced, reference, n)
), entry AS (
    SELECT sku_id, location_id, 0 AS on_hand, quantity AS reserved, 0 AS unavailable,
           'reserved' AS reason, reference, NULL::timestamptz AS occurred_at, fenced, n
    FROM claim
), {_POST.format(guard='''
      AND s.on_hand - s.reserved - s.unavailable - s.safety_stock - d.fenced >= d.reserved
''')}, claimed AS (
    INSERT INTO inventory_reservation
        (id, sku_id, location_id, quantity, state, reference, group_id, expires_at)
    SELECT c.id, c.sku_id, c.location_id, c.quantity, %(state)s, c.reference, %(group)s,
           %(expires_at)s
    FROM claim c JOIN changed USING (sku_id, location_id)
)
SELECT count(*) = (SELECT count(*) FROM delta) FROM changed
"""


def reserve(
    claims: Sequence[Claim],
    *,
    actor: str,
    group_id: Any = None,
    expires_at: datetime | None = None,
) -> bool:
    """Claim units, all or nothing; False when a row no longer has them.

    The guard sits in the UPDATE itself, so no other buyer can come between check and change.
    After False the caller must roll back to its savepoint: rows that had enough are changed.
    With `expires_at` the claims are `held`, else `confirmed`.
    """
    if not claims:
        return True
    held = expires_at is not None
    with connection.cursor() as cursor:
        cursor.execute(
            _RESERVE,
            {
                "id": [claim.reservation_id for claim in claims],
                "sku": [claim.sku_id for claim in claims],
                "location": [claim.location_id for claim in claims],
                "quantity": [claim.quantity for claim in claims],
                "fenced": [claim.fenced for claim in claims],
                "reference": [claim.reference for claim in claims],
                "state": ReservationState.HELD if held else ReservationState.CONFIRMED,
                "group": group_id,
                "expires_at": expires_at,
                "actor": actor[:ACTOR_LENGTH],
            },
        )
        return bool(cursor.fetchone()[0])


def post(entries: Sequence[Entry], *, actor: str) -> list[Balance]:
    """Post movements and change the balances by them; return the rows after.

    Entries of one row are posted in their order. Raises `BalanceOutOfRange` when a balance
    would leave the laws of the pool; nothing is written then. Rows must exist (`open_rows`).
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
            return [Balance(*row) for row in cursor.fetchall()]
    except IntegrityError as error:
        if isinstance(error.__cause__, pg.CheckViolation):
            raise BalanceOutOfRange() from error
        raise


def open_rows(pairs: Sequence[tuple[int, int]]) -> None:
    """Make the Stock rows of (sku_id, location_id) pairs that have none yet."""
    if not pairs:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO inventory_stock (sku_id, location_id)
               SELECT DISTINCT sku_id, location_id
               FROM unnest(%s::bigint[], %s::bigint[]) AS t(sku_id, location_id)
               ORDER BY 1, 2 ON CONFLICT DO NOTHING""",
            [[sku for sku, _ in pairs], [location for _, location in pairs]],
        )


def lock_rows(pairs: Sequence[tuple[int, int]]) -> dict[tuple[int, int], Balance]:
    """Lock the Stock rows of these pairs in order; return their balances."""
    return _locked(
        "JOIN (SELECT DISTINCT * FROM unnest(%s::bigint[], %s::bigint[]) AS t(sku_id, location_id))"
        " AS wanted USING (sku_id, location_id)",
        [[sku for sku, _ in pairs], [location for _, location in pairs]],
    )


def lock_skus(sku_ids: Sequence[int]) -> dict[tuple[int, int], Balance]:
    """Lock every Stock row of these SKUs in order; return their balances."""
    return _locked("WHERE s.sku_id = ANY(%s::bigint[])", [list(sku_ids)])


def _locked(which: str, parameters: list[Any]) -> dict[tuple[int, int], Balance]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT sku_id, location_id, on_hand, reserved, unavailable, version
                FROM inventory_stock s {which}
                ORDER BY sku_id, location_id FOR UPDATE OF s""",
            parameters,
        )
        return {(row[0], row[1]): Balance(*row) for row in cursor.fetchall()}


def close_claims(
    parts: Sequence[Part],
    *,
    state: ReservationState,
    reason: str,
    actor: str,
    leaves: bool = False,
    goes_missing: bool = False,
) -> bool:
    """End live claims, in part or whole; False when one of them is not live any more.

    `reserved` falls by the parts. `leaves`: `on_hand` falls too (the goods are out of the
    door). `goes_missing`: `unavailable` rises instead, so that nobody promises them again.
    A claim ended in part stays live with the rest. After False nothing has changed.
    """
    wanted: dict[int, int] = {}
    for part in parts:
        if part.quantity > 0:
            wanted[part.reservation_id] = wanted.get(part.reservation_id, 0) + part.quantity
    if not wanted:
        return True
    claims = _lock_claims(list(wanted))
    if any(identity not in claims or claims[identity].quantity < units
           for identity, units in wanted.items()):
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE inventory_reservation r
               SET state = CASE WHEN r.quantity = p.quantity THEN %s ELSE r.state END,
                   quantity = CASE WHEN r.quantity = p.quantity THEN r.quantity
                                   ELSE r.quantity - p.quantity END
               FROM unnest(%s::bigint[], %s::int[]) AS p(id, quantity) WHERE r.id = p.id""",
            [str(state), list(wanted), list(wanted.values())],
        )
    post(
        [
            Entry(
                sku_id=claims[identity].sku_id,
                location_id=claims[identity].location_id,
                on_hand=-units if leaves else 0,
                reserved=-units,
                unavailable=units if goes_missing else 0,
                reason=reason,
                reference=claims[identity].reference,
            )
            for identity, units in sorted(wanted.items())
        ],
        actor=actor,
    )
    return True


def _lock_claims(identities: list[int]) -> dict[int, Broken]:
    """Lock the Stock rows of live claims, then the claims; return those that are live.

    Stock first: whoever changes a claim holds its row, so two of them never deadlock.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT s.id FROM inventory_stock s WHERE (s.sku_id, s.location_id) IN (
                   SELECT sku_id, location_id FROM inventory_reservation WHERE id = ANY(%s))
               ORDER BY s.sku_id, s.location_id FOR UPDATE""",
            [identities],
        )
        cursor.execute(
            """SELECT id, sku_id, location_id, quantity, reference FROM inventory_reservation
               WHERE id = ANY(%s) AND state IN ('held', 'confirmed') ORDER BY id FOR UPDATE""",
            [identities],
        )
        return {row[0]: Broken(*row) for row in cursor.fetchall()}


def confirm_claims(group_id: Any, *, references: dict[int, str]) -> bool:
    """Turn the held claims of a cart into an order's; False when they are not all live."""
    claims = _lock_claims(list(references))
    if len(claims) != len(references):
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE inventory_reservation r
               SET state = 'confirmed', expires_at = NULL, reference = n.reference
               FROM unnest(%s::bigint[], %s::text[]) AS n(id, reference)
               WHERE r.id = n.id AND r.group_id = %s AND r.state = 'held'
                 AND r.expires_at > statement_timestamp()""",
            [list(references), list(references.values()), group_id],
        )
        return cursor.rowcount == len(references)


def make_room(entries: Sequence[Entry], *, actor: str) -> list[Broken]:
    """Break the newest claims of rows that `entries` would leave short; return what broke.

    Reality wins: what a person saw is recorded, and the promises beyond it end. The rows must
    be locked. Units that are `unavailable` give way last, because they too are not there.
    """
    deltas: dict[tuple[int, int], list[int]] = {}
    for entry in entries:
        sums = deltas.setdefault((entry.sku_id, entry.location_id), [0, 0])
        sums[0] += entry.on_hand
        sums[1] += entry.unavailable
    rows = lock_rows(list(deltas))
    broken: list[Broken] = []
    for pair in sorted(rows):
        row, (on_hand, unavailable) = rows[pair], deltas[pair]
        short = row.reserved + row.unavailable + unavailable - (row.on_hand + on_hand)
        if short > 0 and row.reserved:
            broken += _break_newest(pair, min(short, row.reserved), actor=actor)
    return broken


def _break_newest(pair: tuple[int, int], units: int, *, actor: str) -> list[Broken]:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT id, sku_id, location_id, quantity, reference FROM (
                   SELECT *, sum(quantity) OVER (ORDER BY id DESC) - quantity AS newer
                   FROM inventory_reservation
                   WHERE sku_id = %s AND location_id = %s AND state IN ('held', 'confirmed')
               ) AS live WHERE newer < %s ORDER BY id DESC""",
            [*pair, units],
        )
        claims = [Broken(*row) for row in cursor.fetchall()]
    broken = []
    for claim in claims:
        lost = min(claim.quantity, units)
        units -= lost
        broken.append(
            Broken(claim.reservation_id, claim.sku_id, claim.location_id, lost, claim.reference)
        )
    close_claims(
        [Part(claim.reservation_id, claim.quantity) for claim in broken],
        state=ReservationState.BROKEN,
        reason=Reason.BROKEN,
        actor=actor,
    )
    return broken


def expire_due(*, actor: str, sku_ids: Sequence[int] | None = None, limit: int = 1_000) -> list[str]:
    """End holds that have run out; return the ids of their carts.

    With `sku_ids` only theirs: a reader that meets a stale hold clears it on the way.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT id, quantity, group_id FROM inventory_reservation
               WHERE state = 'held' AND expires_at <= statement_timestamp()
                 AND (%(skus)s::bigint[] IS NULL OR sku_id = ANY(%(skus)s::bigint[]))
               ORDER BY id LIMIT %(limit)s""",
            {"skus": list(sku_ids) if sku_ids is not None else None, "limit": limit},
        )
        due = {row[0]: (row[1], row[2]) for row in cursor.fetchall()}
        if not due:
            return []
        _lock_claims(list(due))
        # Under the lock, look again: a cart may have been extended or ordered meanwhile.
        cursor.execute(
            """SELECT id, quantity, group_id FROM inventory_reservation
               WHERE id = ANY(%s) AND state = 'held' AND expires_at <= statement_timestamp()""",
            [list(due)],
        )
        rows = cursor.fetchall()
    close_claims(
        [Part(row[0], row[1]) for row in rows],
        state=ReservationState.EXPIRED,
        reason=Reason.EXPIRED,
        actor=actor,
    )
    return sorted({str(row[2]) for row in rows})


def set_safety_stock(levels: Sequence[tuple[int, int, int]]) -> None:
    """Set (sku_id, location_id, units) that no channel may promise. Not a balance: no movement."""
    open_rows([(sku, location) for sku, location, _ in levels])
    lock_rows([(sku, location) for sku, location, _ in levels])
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE inventory_stock s SET safety_stock = n.units, version = s.version + 1
               FROM unnest(%s::bigint[], %s::bigint[], %s::int[]) AS n(sku_id, location_id, units)
               WHERE s.sku_id = n.sku_id AND s.location_id = n.location_id
                 AND s.safety_stock <> n.units""",
            [list(column) for column in zip(*levels, strict=True)] if levels else [[], [], []],
        )


def extend_claims(group_id: Any, *, until: datetime) -> bool:
    """Let a cart's held claims run until later; False when they are not held any more."""
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE inventory_reservation SET expires_at = %s
               WHERE group_id = %s AND state = 'held' AND expires_at > statement_timestamp()""",
            [until, group_id],
        )
        return cursor.rowcount > 0
