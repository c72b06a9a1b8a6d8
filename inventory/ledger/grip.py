"""How sure the goods of reservations are, for what breaks first."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import connection

from inventory.choices import Grip
from inventory.ledger.rows import lock_rows_of_reservations


def set_grip(in_hand: Mapping[int, int], grip: Grip) -> None:
    """Record the units in hand of orders' reservations, by reservation id, all at `grip`.

    The other units of these reservations are on the shelf. Ended reservations stay as they are.
    Locks the Stock rows: call it last, or where they are locked anyway.
    """
    if not in_hand:
        return
    lock_rows_of_reservations(in_hand)
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE inventory_reservation r
               SET in_hand = least(p.units, r.quantity),
                   grip = CASE WHEN p.units > 0 THEN %s ELSE %s END
               FROM unnest(%s::bigint[], %s::int[]) AS p(id, units)
               WHERE r.id = p.id AND r.state = 'confirmed'""",
            [grip.value, Grip.OPEN.value, list(in_hand), list(in_hand.values())],
        )
