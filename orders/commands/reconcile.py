"""Checking every law, storing violations, and publishing new ones. It repairs nothing."""

from __future__ import annotations

import logging
from typing import Any

from django.db import connection, transaction

from core.access.principal import Principal
from core.outbox.events import OutboxEvent, publish
from inventory.queries.integrity import check_laws
from inventory.timestamps import as_text, database_now
from orders.models import Reconciliation, Violation
from orders.queries.reconciliation import NIGHTLY_LAWS, last_due, last_reconciliation

log = logging.getLogger("omniretail.integrity")

KEPT = 1_000  # violations stored for one check; all are counted
PATIENCE = "25min"  # below the time limit of a task


def reconcile(*, actor: Principal, only_if_due: bool = False) -> Reconciliation | None:
    """Check every law over every row and store the report; None: not due, or another check runs.

    All of it is one transaction, written at its end: a killed process leaves no rows,
    and the next sweep finds the check still due.
    """
    with transaction.atomic():
        if not _take_turn():
            return None
        started = database_now()
        last = last_reconciliation()
        if only_if_due and last is not None and last.started_at >= last_due(started):
            return None
        report = check_laws(NIGHTLY_LAWS, shown=KEPT, patience=PATIENCE)
        earlier = set(last.violations.values_list(*_KEY)) if last else set()
        run = Reconciliation.objects.create(
            started_at=started,
            finished_at=database_now(),
            rows_checked=report.rows_checked,
            violation_count=report.count,
            asked_by=actor.name,
        )
        found = [_violation(run, each, earlier) for each in report.violations]
        Violation.objects.bulk_create(found)
        publish(*(_event(run, each, actor=actor) for each in found if each.is_new))
    _log(run, found)
    return run


_KEY = ("law", "sku", "location", "subject")


def _take_turn() -> bool:
    """Take the lock that keeps two workers from checking at once, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('reconciliation'))")
        return bool(cursor.fetchone()[0])


def _violation(run: Reconciliation, found: dict[str, Any], earlier: set[Any]) -> Violation:
    row = Violation(
        reconciliation=run,
        law=found["law"],
        sku=found["sku"] or "",
        location=found["location"] or "",
        subject=found["subject"],
        expected=found["expected"],
        found=found["found"],
        is_new=False,
    )
    row.is_new = tuple(getattr(row, name) for name in _KEY) not in earlier
    return row


def _event(run: Reconciliation, row: Violation, *, actor: Principal) -> OutboxEvent:
    data = {
        "check": str(run.pk),
        "checked_at": as_text(run.started_at),
        "law": row.law,
        "sku": row.sku or None,
        "location": row.location or None,
        "subject": row.subject,
        "expected": row.expected,
        "found": row.found,
    }
    return OutboxEvent("integrity.violated", f"checks/{run.pk}", data, actor=actor.name)


def _log(run: Reconciliation, found: list[Violation]) -> None:
    """Log the result after the commit: each new violation, and the number of all."""
    for row in found:
        if row.is_new:
            log.error(
                "law %s violated: %s, SKU %s, location %s: expected %s, found %s (check %s)",
                row.law,
                row.subject,
                row.sku or "-",
                row.location or "-",
                row.expected,
                row.found,
                run.pk,
            )
    if run.violation_count:
        log.error("check %s found %s violations", run.pk, run.violation_count)
