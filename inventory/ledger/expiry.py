"""Ending expired holds of carts."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from django.db import connection

from inventory.choices import Reason, ReservationState
from inventory.ledger.reservations import end_locked, lock_reservations
from inventory.ledger.rows import lock_skus


def expire_due(
    *, actor: str, sku_ids: Collection[int] | None = None, limit: int = 1_000
) -> list[str]:
    """End expired holds; return the ids of carts of which no hold had expired before.

    With `sku_ids` only theirs: a reader that finds an expired hold ends it. All rows
    of these SKUs are locked then, in order, so that what the caller does with them next keeps
    the one lock order: name every SKU that the transaction is going to touch.
    """
    due = _find_due(sku_ids, limit)
    if not due:
        return []
    if sku_ids is not None:
        lock_skus(sku_ids)
    # Check again under the lock: a cart may have been extended or ordered meanwhile.
    stale = {key: held for key, held in lock_reservations(due).items() if held.stale}
    carts = {held.group_id for held in stale.values() if held.group_id is not None}
    first_ended = _without_expired(carts)
    if stale:
        end_locked(
            stale,
            {key: held.quantity for key, held in stale.items()},
            state=ReservationState.EXPIRED,
            reason=Reason.EXPIRED,
            actor=actor,
        )
    return first_ended


def skus_with_stale_holds() -> list[int]:
    """Return the ids of the SKUs of which a hold has expired and was not ended yet."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT DISTINCT sku_id FROM inventory_reservation
               WHERE state = 'held' AND expires_at <= statement_timestamp()"""
        )
        return [identity for (identity,) in cursor.fetchall()]


def _find_due(sku_ids: Collection[int] | None, limit: int) -> list[int]:
    which = "" if sku_ids is None else "AND sku_id = ANY(%s::bigint[])"
    values = [] if sku_ids is None else [list(sku_ids)]
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT id FROM inventory_reservation
                WHERE state = 'held' AND expires_at <= statement_timestamp() {which}
                ORDER BY expires_at, id LIMIT %s""",
            [*values, limit],
        )
        return [identity for (identity,) in cursor.fetchall()]


def _without_expired(carts: Collection[uuid.UUID]) -> list[str]:
    """Return the carts of which no hold has expired yet, so that each is published once.

    Two readers may end two SKUs of one cart at once: they take turns on the cart's row.
    """
    if not carts:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT id FROM inventory_reservationgroup
               WHERE id = ANY(%s::uuid[]) ORDER BY id FOR UPDATE""",
            [list(carts)],
        )
        cursor.execute(
            """SELECT id FROM unnest(%s::uuid[]) AS cart(id) WHERE NOT EXISTS (
                   SELECT 1 FROM inventory_reservation r
                   WHERE r.group_id = cart.id AND r.state = 'expired')
               ORDER BY id""",
            [list(carts)],
        )
        return [str(identity) for (identity,) in cursor.fetchall()]
