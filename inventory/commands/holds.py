"""Ending the holds of carts: those that ran out, and those that an order takes over."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from inventory import ledger
from inventory.choices import Reason, ReservationState
from inventory.errors import ReservationNotLive
from inventory.ledger import Part
from inventory.models import Reservation
from omniretail.outbox.events import Fact, publish


def end_stale_holds(*, actor: str, sku_ids: Sequence[int] | None = None) -> list[str]:
    """Expire holds whose time is over and tell so; return the ids of their carts.

    Expiry is enforced by whoever reads the shelf, not only by the sweep, so a stopped worker
    never keeps goods from buyers.
    """
    ended = ledger.expire_due(actor=actor, sku_ids=sku_ids)
    publish(
        *(
            Fact("reservation.expired", f"reservations/{group}", {"id": group, "state": "expired"})
            for group in ended
        )
    )
    return ended


def redeem_hold(*, reservation_id: str, channel_id: int, actor: str) -> None:
    """Give a cart's units back to the shelf, in the transaction in which its order takes them.

    The Stock rows stay locked until the order has claimed them, so nobody comes between.
    Raises `ReservationNotLive` when the hold is unknown, over, or another channel's.
    """
    try:
        group_id = uuid.UUID(reservation_id)
    except ValueError:
        raise ReservationNotLive() from None
    claims = list(
        Reservation.objects.filter(
            group=group_id, group__channel=channel_id, group__expires_at__isnull=False
        ).values_list("id", "quantity", "state")
    )
    if not claims or any(state != ReservationState.HELD for _, _, state in claims):
        raise ReservationNotLive()
    end_stale_holds(actor=actor, sku_ids=_skus_of(group_id))
    done = ledger.close_claims(
        [Part(identity, quantity) for identity, quantity, _ in claims],
        state=ReservationState.RELEASED,
        reason=Reason.RELEASED,
        actor=actor,
    )
    if not done:
        raise ReservationNotLive()


def _skus_of(group_id: uuid.UUID) -> list[int]:
    return list(Reservation.objects.filter(group=group_id).values_list("sku_id", flat=True))
