"""Making goods ready for pickup."""

from __future__ import annotations

from django.utils import timezone

from core.access.principal import Principal
from orders.commands.fulfilment.common import publish_fulfilments, save_step
from orders.models import Fulfilment
from orders.promise import waits_until


def let_wait(fulfilment: Fulfilment, *, state: str, bay: str = "", actor: Principal) -> None:
    """Put a fulfilment into its bay, start its time to be collected, and notify the customer."""
    fulfilment.state = state
    fulfilment.bay = bay
    fulfilment.ready_at = timezone.now()
    fulfilment.pickup_expires_at = waits_until(
        ready_at=fulfilment.ready_at, hours=fulfilment.location.opening_hours
    )
    save_step(fulfilment, "state", "bay", "ready_at", "pickup_expires_at")
    publish_fulfilments("fulfilment.ready", [fulfilment], actor=actor)
