"""When goods are ready for pickup."""

from __future__ import annotations

from datetime import datetime, timedelta

from stores.hours import OpeningHours

from .delivery import deliver_by
from .rules import PICKUP_OPEN_DAYS, PICKUP_PREPARATION_MINUTES


def ready_by(
    *,
    placed_at: datetime,
    hours: OpeningHours,
    preparation_minutes: int = PICKUP_PREPARATION_MINUTES,
) -> datetime | None:
    """The whole minute by which the goods wait in the bay, or None if the location stays closed.

    Preparation takes open time only: an order placed at night is begun at opening time.
    """
    ready = hours.open_minutes_after(placed_at, preparation_minutes)
    if ready is None:
        return None
    started = ready.replace(second=0, microsecond=0)
    return ready if started == ready else started + timedelta(minutes=1)


def ready_by_from(
    *,
    placed_at: datetime,
    source_hours: OpeningHours,
    distance_km: float | None,
    shop_hours: OpeningHours,
) -> datetime | None:
    """When goods from another location are in the shop's bay; None if the shop stays closed.

    They leave and travel as a parcel to the shop does, which counts as there when its day of
    arrival is over. From then on it takes the shop's open time to put them in the bay.
    """
    arrives = deliver_by(placed_at=placed_at, hours=source_hours, distance_km=distance_km)
    return ready_by(placed_at=arrives, hours=shop_hours)


def waits_until(
    *, ready_at: datetime, hours: OpeningHours, open_days: int = PICKUP_OPEN_DAYS
) -> datetime | None:
    """When the time to collect is over: at closing time of an opening day of the shop.

    None if the shop stays closed: the goods wait until it opens.
    """
    return hours.closing_after(ready_at, open_days)


def extended_until(*, ends: datetime, hours: OpeningHours, open_days: int) -> datetime | None:
    """When the time is over if it ends so many of the shop's opening days later."""
    # A day that ends at midnight is the one before that.
    return hours.closing_after(ends - timedelta(seconds=1), open_days)
