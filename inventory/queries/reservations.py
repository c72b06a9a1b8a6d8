"""Reservations of carts, as the API shows them."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import F
from django.db.models.functions import Now

from core.access.principal import Principal
from core.problems.catalogue import NotFound
from inventory.choices import ReservationState
from inventory.models import Reservation, ReservationGroup
from inventory.timestamps import as_text

# The state of a cart without held reservations: the first of these that one of them has.
_OVER = (
    ReservationState.CONFIRMED,
    ReservationState.CONSUMED,
    ReservationState.RELEASED,
    ReservationState.EXPIRED,
    ReservationState.BROKEN,
)


def derive_state(states: Collection[str], *, expired: bool) -> ReservationState:
    """Return the state of a cart from those of its reservations. `expired`: its time is over.

    A hold expires by the clock, whether or not a sweep has ended it.
    """
    if ReservationState.HELD in states:
        return ReservationState.EXPIRED if expired else ReservationState.HELD
    return next(state for state in _OVER if state in states)


def find_reservation(identity: str, *, actor: Principal) -> ReservationGroup:
    """Return a cart's reservation; `NotFound` when the actor may not see it."""
    try:
        key = uuid.UUID(identity)
    except ValueError:
        raise NotFound("There is no such reservation.") from None
    seen = ReservationGroup.objects.visible_to(actor).select_related("channel")
    group = seen.filter(pk=key).first()
    if group is None:
        raise NotFound("There is no such reservation.")
    return group


def reservation_documents(ids: Collection[uuid.UUID]) -> dict[uuid.UUID, dict[str, Any]]:
    """Return the documents of these carts by id, in two statements."""
    lines: dict[uuid.UUID, list[dict[str, Any]]] = {identity: [] for identity in ids}
    rows = (
        Reservation.objects.filter(group__in=ids)
        .order_by("pk")
        .values_list("group_id", "sku__code", "quantity", "location__code", "state")
    )
    for group_id, sku, quantity, location, state in rows:
        assert group_id is not None
        lines[group_id].append(
            {"sku": sku, "quantity": quantity, "location": location, "state": state}
        )
    # The database's clock, by which holds end.
    groups = (
        ReservationGroup.objects.filter(pk__in=ids)
        .annotate(channel_code=F("channel__code"), now=Now())
        .order_by("pk")
    )
    return {
        group.pk: compose_reservation(
            identity=group.pk,
            channel=group.channel_code,
            reference=group.reference,
            expires_at=group.expires_at,
            lines=lines[group.pk],
            expired=group.expires_at <= group.now,
            ordered=group.ordered_at is not None,
        )
        for group in groups
    }


def compose_reservation(
    *,
    identity: uuid.UUID,
    channel: str,
    reference: str,
    expires_at: datetime,
    lines: list[dict[str, Any]],
    expired: bool = False,
    ordered: bool = False,
) -> dict[str, Any]:
    """Compose the document of a cart's reservation from its rows."""
    state = derive_state({line["state"] for line in lines}, expired=expired)
    if ordered:  # released by the cart, and reserved by its order in the same transaction
        state = ReservationState.CONFIRMED
        lines = [line | {"state": state} for line in lines]
    if state == ReservationState.EXPIRED:
        lines = [
            line | {"state": state} if line["state"] == ReservationState.HELD else line
            for line in lines
        ]
    return {
        "id": str(identity),
        "channel": channel,
        "reference": reference,
        "state": state.value,
        "expires_at": as_text(expires_at),
        "lines": [line | {"state": str(line["state"])} for line in lines],
        "allowed_actions": ["extend", "release"] if state == ReservationState.HELD else [],
    }
