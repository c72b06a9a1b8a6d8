"""Making goods ready for pickup."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from core.access.principal import Principal
from orders.commands.fulfilment.common import publish_fulfilments, save_step
from orders.models import Fulfilment

PICKUP_WINDOW = timedelta(days=7)  # how long goods wait for their customer


def let_wait(fulfilment: Fulfilment, *, state: str, bay: str = "", actor: Principal) -> None:
    """Put a fulfilment into its bay, start the pickup window and notify the customer."""
    fulfilment.state = state
    fulfilment.bay = bay
    fulfilment.ready_at = timezone.now()
    fulfilment.pickup_expires_at = fulfilment.ready_at + PICKUP_WINDOW
    save_step(fulfilment, "state", "bay", "ready_at", "pickup_expires_at")
    publish_fulfilments("fulfilment.ready", [fulfilment], actor=actor)
