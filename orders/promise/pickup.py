"""When the customer may come for the goods."""

from __future__ import annotations

from datetime import datetime, timedelta

from stores.hours import OpeningHours

from .rules import PICKUP_PREPARATION_MINUTES


def ready_by(
    *,
    placed_at: datetime,
    hours: OpeningHours,
    preparation_minutes: int = PICKUP_PREPARATION_MINUTES,
) -> datetime | None:
    """The whole minute by which the goods wait in the bay, or None if the location stays closed.

    Preparation takes open time only: an order placed at night is begun when the doors open.
    """
    ready = hours.open_minutes_after(placed_at, preparation_minutes)
    if ready is None:
        return None
    started = ready.replace(second=0, microsecond=0)
    return ready if started == ready else started + timedelta(minutes=1)
