"""How long goods wait for their customer: extended by people, and when the shop's hours change."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.utils import timezone

from core.access.principal import Principal
from core.audit.record import record
from core.problems.catalogue import ValidationFailed
from orders.commands.fulfilment.common import (
    lock_fulfilment,
    publish_fulfilments,
    save_step,
    subject_of,
)
from orders.models import Fulfilment
from orders.promise import extended_until
from orders.transitions import next_fulfilment_state

LONGEST_DAYS = 60  # opening days of one extension
LONGEST = timedelta(days=366)  # from now: beyond it is a slip of the keyboard


def extend_pickup(
    *,
    code: str,
    until: datetime | date | None = None,
    days: int | None = None,
    actor: Principal,
) -> Fulfilment:
    """Give a customer more time: `days` more of the shop's opening days, or `until` a time or date.

    It ends at closing time of an opening day of the shop, not before what is given. Raises
    `ValidationFailed` where that is no later than before: ending it early is a cancellation.
    """
    fulfilment = lock_fulfilment(code=code, actor=actor, at_counter=True)
    next_fulfilment_state(fulfilment.life_cycle, fulfilment.state, "extend")
    hours = fulfilment.location.opening_hours
    now = timezone.now()
    before = fulfilment.pickup_expires_at
    if days is not None:
        pointer = "/days"
        ends = extended_until(ends=max(before or now, now), hours=hours, open_days=days)
    else:
        assert until is not None
        pointer = "/until"
        if not isinstance(until, datetime):
            # Not at midnight, at which the day before may close.
            until = datetime.combine(until, time(0, 1), tzinfo=hours.zone)
        if until > now + LONGEST:
            raise ValidationFailed.at(pointer, "That is more than a year away.", "too_late")
        ends = hours.closing_at(until) if until > now else now
    if ends is None:
        raise ValidationFailed.at(pointer, "The shop is closed then.", "closed")
    if ends <= max(before or now, now):
        raise ValidationFailed.at(
            pointer, "An extended time ends later than before, and later than now.", "not_later"
        )
    _set_end(fulfilment, ends, actor=actor)
    return fulfilment


def follow_hours(fulfilment: Fulfilment, *, actor: Principal) -> None:
    """Let a time that would end while its shop is closed end at the next closing time instead.

    The shop's hours may have changed since it was set.
    """
    if fulfilment.pickup_expires_at is None:
        return
    ends = end_of_pickup(fulfilment)
    if ends != fulfilment.pickup_expires_at:
        _set_end(fulfilment, ends, actor=actor)


def end_of_pickup(fulfilment: Fulfilment) -> datetime | None:
    """Return when the time to collect is over by the present hours of the shop; None: not yet
    known.
    """
    if fulfilment.pickup_expires_at is None:
        return None
    return fulfilment.location.opening_hours.closing_at(fulfilment.pickup_expires_at)


def _set_end(fulfilment: Fulfilment, ends: datetime | None, *, actor: Principal) -> None:
    before, fulfilment.pickup_expires_at = fulfilment.pickup_expires_at, ends
    save_step(fulfilment, "pickup_expires_at")
    record(
        actor=actor,
        action="pickup_extended",
        subject=subject_of(fulfilment),
        before=before.isoformat() if before else None,
        until=ends.isoformat() if ends else None,
    )
    publish_fulfilments("fulfilment.extended", [fulfilment], actor=actor)
