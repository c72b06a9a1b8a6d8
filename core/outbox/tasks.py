"""The relay: gives sequence numbers to new events. Reading the feed does it too."""

from __future__ import annotations

from celery import shared_task

from core.outbox.relay import number_pending


@shared_task
def relay_events() -> int:
    """Number all waiting events; return how many."""
    total = 0
    while count := number_pending():
        total += count
    return total
