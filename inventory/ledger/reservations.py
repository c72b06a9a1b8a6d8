"""Reservations of stock: making them under a check, ending and extending them."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from django.db import connection

from core.database.statements import numbers, run
from inventory.choices import Grip, Reason, ReservationState
from inventory.ledger.posting import POST, post
from inventory.ledger.rows import lock_rows_of_reservations
from inventory.ledger.shapes import (
    ACTOR_LENGTH,
    Balance,
    Entry,
    LiveReservation,
    NewReservation,
    Part,
)

# Each reservation must leave what is fenced for other channels than its own, after the reservations
# before it: `needs` is the most that any of them asks the row to have. In bigint, because the guard
# must refuse and not overflow, whatever is fenced or kept safe.
_GUARD = """
      AND s.on_hand::bigint - s.reserved - s.unavailable - s.safety_stock >= d.needs
"""

_RESERVE = f"""
WITH reservation AS (
    SELECT * FROM unnest(
        %(id)s::bigint[], %(sku)s::bigint[], %(location)s::bigint[], %(quantity)s::int[],
        %(fenced)s::int[], %(reference)b::text[]
    ) WITH ORDINALITY AS r(id, sku_id, location_id, quantity, fenced, reference, n)
), entry AS (
    SELECT sku_id, location_id, 0 AS on_hand, quantity AS reserved, 0 AS unavailable,
           'reserved' AS reason, reference, NULL::timestamptz AS occurred_at, n,
           sum(quantity) OVER (PARTITION BY sku_id, location_id ORDER BY n) + fenced AS needs
    FROM reservation
), {POST.format(guard=_GUARD)}, reserved AS (
    INSERT INTO inventory_reservation
        (id, sku_id, location_id, quantity, state, grip, reference, group_id, expires_at)
    SELECT r.id, r.sku_id, r.location_id, r.quantity, %(state)s::text, %(grip)s::smallint,
           r.reference, %(group)s::uuid, %(expires_at)s::timestamptz
    FROM reservation r JOIN changed USING (sku_id, location_id)
)
SELECT count(*) = (SELECT count(*) FROM delta) FROM changed
"""

_LIVE = """
SELECT id, sku_id, location_id, quantity, reference, state,
       state = 'held' AND expires_at <= statement_timestamp(), group_id, grip, in_hand
FROM inventory_reservation WHERE state IN ('held', 'confirmed')
"""


def reserve(
    reservations: Sequence[NewReservation],
    *,
    actor: str,
    group_id: uuid.UUID | None = None,
    expires_at: datetime | None = None,
) -> bool:
    """Reserve units, all or nothing; False when a row no longer has them.

    The check is part of the UPDATE, so no other buyer can come between check and change.
    After False the caller must roll back to its savepoint: rows that had enough are changed.
    With `expires_at` the reservations are `held`, else `confirmed`.
    """
    if not reservations:
        return True
    held = expires_at is not None
    ((complete,),) = run(
        _RESERVE,
        {
            "id": numbers(row.reservation_id for row in reservations),
            "sku": numbers(row.sku_id for row in reservations),
            "location": numbers(row.location_id for row in reservations),
            "quantity": numbers(row.quantity for row in reservations),
            "fenced": numbers(row.fenced for row in reservations),
            "reference": [row.reference for row in reservations],
            "state": (ReservationState.HELD if held else ReservationState.CONFIRMED).value,
            "grip": (Grip.CART if held else Grip.OPEN).value,
            "group": group_id,
            "expires_at": expires_at,
            "actor": actor[:ACTOR_LENGTH],
        },
    )
    return bool(complete)


def lock_reservations(reservation_ids: Collection[int]) -> dict[int, LiveReservation]:
    """Lock the Stock rows of these reservations; return those that are live, by their id."""
    lock_rows_of_reservations(reservation_ids)
    with connection.cursor() as cursor:
        # A statement of its own, to see what was committed while it waited for the locks.
        cursor.execute(f"{_LIVE} AND id = ANY(%s::bigint[]) ORDER BY id", [list(reservation_ids)])
        return {row[0]: LiveReservation(*row) for row in cursor.fetchall()}


def lock_cart(group_id: uuid.UUID) -> list[LiveReservation]:
    """Lock the Stock rows that a cart reserves; return its live reservations."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM inventory_reservation WHERE group_id = %s", [group_id])
        identities = [identity for (identity,) in cursor.fetchall()]
    return list(lock_reservations(identities).values())


def close_reservations(
    parts: Sequence[Part],
    *,
    state: ReservationState,
    reason: str,
    actor: str,
    leaves: bool = False,
    goes_missing: bool = False,
    reference: str | None = None,
    occurred_at: datetime | None = None,
) -> bool:
    """End live reservations, in part or whole; False when one of them is not live any more.

    `reserved` falls by the parts. `leaves`: `on_hand` falls too (the goods leave the
    building). `goes_missing`: `unavailable` rises instead, so that they are not promised again.
    A reservation ended in part stays live with the rest. The movements carry the holder's
    reference, or the one given. `occurred_at`: when it happened, None: now. After False nothing has
    changed.
    """
    units: dict[int, int] = {}
    for part in parts:
        if part.quantity > 0:
            units[part.reservation_id] = units.get(part.reservation_id, 0) + part.quantity
    if not units:
        return True
    live = lock_reservations(units)
    if any(
        identity not in live or live[identity].quantity < wanted
        for identity, wanted in units.items()
    ):
        return False
    end_locked(
        live,
        units,
        state=state,
        reason=reason,
        actor=actor,
        leaves=leaves,
        goes_missing=goes_missing,
        reference=reference,
        occurred_at=occurred_at,
    )
    return True


def post_reserved(
    entries: Sequence[Entry], reservations: Sequence[NewReservation], *, actor: str
) -> list[Balance]:
    """Post movements that bring goods, and reserve some of these goods in the same act.

    No check: the units are those that `entries` bring, so neither safety stock nor a ring fence
    applies, and no other buyer can take them. They are secured: they came in their box. The id of a
    live reservation enlarges that reservation.
    """
    balances = post(
        [
            *entries,
            *(
                Entry(
                    row.sku_id,
                    row.location_id,
                    reserved=row.quantity,
                    reason=Reason.RESERVED,
                    reference=row.reference,
                )
                for row in reservations
            ),
        ],
        actor=actor,
    )
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO inventory_reservation
                   (id, sku_id, location_id, quantity, state, reference, grip, in_hand)
               SELECT r.id, r.sku_id, r.location_id, r.quantity, 'confirmed', r.reference,
                      %s, r.quantity
               FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::int[], %s::text[])
                   AS r(id, sku_id, location_id, quantity, reference)
               ON CONFLICT (id) DO UPDATE
               SET quantity = inventory_reservation.quantity + excluded.quantity,
                   grip = excluded.grip,
                   in_hand = inventory_reservation.in_hand + excluded.in_hand""",
            [
                Grip.SECURED.value,
                [row.reservation_id for row in reservations],
                [row.sku_id for row in reservations],
                [row.location_id for row in reservations],
                [row.quantity for row in reservations],
                [row.reference for row in reservations],
            ],
        )
    return balances


def end_locked(
    live: Mapping[int, LiveReservation],
    units: Mapping[int, int],
    *,
    state: ReservationState,
    reason: str,
    actor: str,
    leaves: bool = False,
    goes_missing: bool = False,
    reference: str | None = None,
    occurred_at: datetime | None = None,
) -> None:
    """End `units` of each of these reservations, whose Stock rows the caller has locked."""
    with connection.cursor() as cursor:
        # A reservation that ends whole keeps its quantity, to show what it was for.
        cursor.execute(
            """UPDATE inventory_reservation r
               SET state = CASE WHEN r.quantity = p.quantity THEN %s ELSE r.state END,
                   quantity = CASE WHEN r.quantity = p.quantity THEN r.quantity
                                   ELSE r.quantity - p.quantity END,
                   -- What is given up in part is first what is still on the shelf.
                   in_hand = CASE WHEN r.quantity = p.quantity THEN r.in_hand
                                  ELSE least(r.in_hand, r.quantity - p.quantity) END
               FROM unnest(%s::bigint[], %s::int[]) AS p(id, quantity) WHERE r.id = p.id""",
            [str(state), list(units), list(units.values())],
        )
    post(
        [
            Entry(
                sku_id=live[identity].sku_id,
                location_id=live[identity].location_id,
                on_hand=-ended if leaves else 0,
                reserved=-ended,
                unavailable=ended if goes_missing else 0,
                reason=reason,
                reference=live[identity].reference if reference is None else reference,
                occurred_at=occurred_at,
            )
            for identity, ended in sorted(units.items())
        ],
        actor=actor,
    )


def extend_reservations(group_id: uuid.UUID, *, until: datetime) -> bool:
    """Change the expiry of a cart's held reservations; False when none is held any more."""
    held = [
        row.reservation_id
        for row in lock_cart(group_id)
        if row.state == ReservationState.HELD and not row.stale
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE inventory_reservation SET expires_at = %s WHERE id = ANY(%s::bigint[])",
            [until, held],
        )
    return bool(held)
