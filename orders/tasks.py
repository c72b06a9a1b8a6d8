"""Periodic sweeps: they complete the work that a stopped process left."""

from __future__ import annotations

from celery import shared_task
from django.db import transaction

from core.access.principal import SYSTEM
from core.idempotency.execute import retry_conflicts
from orders.commands.fulfilment.expire_pickups import expire_due_pickups
from orders.commands.late_copies import clean_late_copies
from orders.commands.privacy import erase_old_orders
from orders.commands.reconcile import reconcile
from orders.commands.settling import backorders


@shared_task
def fill_backorders() -> None:
    """Fill backorders from all stock: holds and fences may expire without an event."""
    skus = backorders.skus_waited_for()
    reached: backorders.Waiting | None = None

    @transaction.atomic
    def fill() -> backorders.Waiting | None:
        return backorders.fill_backorders(sku_ids=skus, actor=SYSTEM, behind=reached)

    # To the end of the queue: lines that cannot be filled must not block those behind them.
    while skus and (reached := retry_conflicts(fill)):
        continue


@shared_task
def expire_pickups() -> int:
    """Expire every pickup that was not collected in time; return how many."""
    return expire_due_pickups()


@shared_task
def finish_erasures() -> int:
    """Look again for copies of those who were erased, once older acts have ended; return of how
    many."""
    return clean_late_copies()


@shared_task
def erase_old_people() -> int:
    """Erase the people of all orders whose time is over; return of how many orders."""
    total = 0
    while count := retry_conflicts(transaction.atomic(erase_old_orders)):
        total += count
    return total


@shared_task
def reconcile_nightly() -> int | None:
    """Check every law, once a night. A night that was missed is made up for at the next round;
    return how many violations were found, None when nothing was due."""
    run = reconcile(actor=SYSTEM, only_if_due=True)
    return None if run is None else run.violation_count
