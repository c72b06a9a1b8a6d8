"""Ending the holds of carts: expired ones, and those that an order takes over."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from django.db.models.functions import Now

from core.access.principal import Principal
from inventory import ledger
from inventory.choices import Reason, ReservationState
from inventory.errors import ReservationNotLive
from inventory.events import publish_carts
from inventory.ledger import Part
from inventory.models import Reservation, ReservationGroup

# So long after its end a hold is honoured by the order that names it: a customer who pays at the
# last moment is not refused for the time that the payment took.
HONOURED = timedelta(minutes=5)
_REDEEMABLE = (ReservationState.HELD, ReservationState.EXPIRED)


@dataclass(frozen=True, slots=True)
class RedeemedHold:
    """What a cart held, by (SKU id, location id): its order may have these units, even if they were
    fenced or kept as safety stock since. Not `is_live`: its time was over, others may have them."""

    units: dict[tuple[int, int], int] = field(default_factory=dict)
    is_live: bool = True


def end_stale_holds(*, actor: str, sku_ids: Sequence[int] | None = None) -> list[str]:
    """End expired holds and publish it; return the ids of their carts.

    Each reader of the stock ends expired holds, not only the sweep, so a stopped worker
    never keeps goods from buyers.
    """
    ended = ledger.expire_due(actor=actor, sku_ids=sku_ids)
    if ended:
        publish_carts(
            "reservation.expired", {uuid.UUID(identity) for identity in ended}, actor=actor
        )
    return ended


def redeem_hold(*, reservation_id: str, channel_id: int, actor: Principal) -> RedeemedHold:
    """Release a cart's units, in the transaction in which its order reserves them.

    The caller has locked all Stock rows of the cart's SKUs and of the order's: no other buyer comes
    between, and rows are locked once, in order. A hold that has just ended is redeemed too, for
    what is still free of it.
    Raises `ReservationNotLive` when the hold is unknown, ended otherwise, another channel's, or has
    units at other locations than those of the actor.
    """
    try:
        group_id = uuid.UUID(reservation_id)
    except ValueError:
        raise ReservationNotLive() from None
    mine = ReservationGroup.objects.visible_to(actor).filter(pk=group_id)
    if actor.locations is not None and not mine.exists():
        raise ReservationNotLive()
    rows = list(
        Reservation.objects.filter(
            group=group_id,
            group__channel=channel_id,
            group__expires_at__gt=Now() - HONOURED,
            group__ordered_at=None,
        ).values_list("id", "quantity", "state", "sku_id", "location_id")
    )
    if not rows or any(state not in _REDEEMABLE for _, _, state, _, _ in rows):
        raise ReservationNotLive()
    end_stale_holds(actor=actor.name, sku_ids=sorted({sku_id for _, _, _, sku_id, _ in rows}))
    is_live = ledger.close_reservations(
        [Part(identity, quantity) for identity, quantity, _, _, _ in rows],
        state=ReservationState.RELEASED,
        reason=Reason.RELEASED,
        actor=actor.name,
    )
    ReservationGroup.objects.filter(pk=group_id).update(ordered_at=Now())
    units: dict[tuple[int, int], int] = {}
    for _, quantity, _, sku_id, location_id in rows:
        units[sku_id, location_id] = units.get((sku_id, location_id), 0) + quantity
    return RedeemedHold(units, is_live)
