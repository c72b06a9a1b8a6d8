"""Ending expired holds of carts."""

from __future__ import annotations

from collections.abc import Collection

from django.db import connection

from inventory.choices import Reason, ReservationState
from inventory.ledger.reservations import end_locked, lock_reservations
from inventory.ledger.rows import lock_skus


def expire_due(
    *, actor: str, sku_ids: Collection[int] | None = None, limit: int = 1_000
) -> list[str]:
    """End expired holds; return the ids of carts of which the first hold has ended by this.

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
    if not stale:
        return []
    carts = _carts_to_tell(stale)
    end_locked(
        stale,
        {key: held.quantity for key, held in stale.items()},
        state=ReservationState.EXPIRED,
        reason=Reason.EXPIRED,
        actor=actor,
    )
    return carts


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


def _carts_to_tell(ended: Collection[int]) -> list[str]:
    """Return the carts of which one of these reservations is the first, so that each is published
    once, whoever ends the others.

    Nothing is locked for that: an act ends holds in several steps, and two of them that locked the
    rows of carts deadlocked. A hold that broke is not counted as one: it was told by that.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT r.group_id FROM inventory_reservation r
               WHERE r.id = ANY(%s::bigint[]) AND r.group_id IS NOT NULL AND NOT EXISTS (
                   SELECT FROM inventory_reservation before
                   WHERE before.group_id = r.group_id AND before.id < r.id
                     AND before.state IN ('held', 'expired'))
               ORDER BY r.group_id""",
            [list(ended)],
        )
        return [str(identity) for (identity,) in cursor.fetchall()]
