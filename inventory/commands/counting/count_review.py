"""Ending a count: large variances are approved by a second person, then the count is applied."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.utils import timezone

from core.access.principal import Principal
from core.audit.record import record
from inventory.commands.change import StockChange
from inventory.commands.counting.count import AppliedCount, Occasion, apply_count
from inventory.commands.counting.count_work import finish, lock_count
from inventory.errors import ApprovalNeeded, CountedByYourself
from inventory.ledger.shapes import ACTOR_LENGTH
from inventory.models import Count, CountResult
from inventory.queries.counting.count_review import Reviewed, judge, review, wholes
from inventory.transitions import next_count_state


def approve_count(*, identity: str, sku_ids: Collection[int] | None, actor: Principal) -> Count:
    """Approve the variances of some SKUs as a second person (None: of all that need it).

    Each approval holds for the present variance. Raises `CountedByYourself` when the actor
    has counted any of them; nothing is approved then.
    """
    count = lock_count(identity=identity, actor=actor)
    next_count_state(count.state, "approve")
    rows = [
        row
        for row in review(count)
        if (row.needs_approval if sku_ids is None else row.spot.sku_id in sku_ids)
    ]
    own = [row.spot.sku for row in rows if actor.id in row.counters]
    if own:
        raise CountedByYourself(lines=[{"sku": sku} for sku in own])
    now = timezone.now()
    CountResult.objects.bulk_create(
        [
            CountResult(
                count=count,
                sku_id=row.spot.sku_id,
                approved_variance=row.variance,
                approved_by=actor.name[:ACTOR_LENGTH],
                approved_at=now,
            )
            for row in rows
        ],
        update_conflicts=True,
        unique_fields=["count", "sku"],
        update_fields=["approved_variance", "approved_by", "approved_at"],
    )
    if rows:
        record(
            actor=actor,
            action="count.approved",
            subject=subject_of(count),
            lines=[{"sku": row.spot.sku, "variance": row.variance} for row in rows],
        )
    return count


def finish_count(*, identity: str, actor: Principal) -> tuple[AppliedCount, StockChange]:
    """Apply a count in review, each SKU compared with the record at its own time.

    SKUs that were not counted stay as they are. Raises `ApprovalNeeded` when a variance above the
    threshold has not been approved in its present size.
    """
    count = lock_count(identity=identity, actor=actor)
    state = next_count_state(count.state, "apply")
    summed = wholes(count)
    applied = apply_count(
        counts=[whole.as_counted() for whole in summed], occasion=_occasion(count), actor=actor
    )
    # Checked with the figures found under the locks: the record may have changed since the review.
    reviewed = judge(count, summed, applied.findings)
    _refuse_unapproved(reviewed)
    _keep_results(count, reviewed)
    count.state = state
    finish(count, actor)
    return applied, applied.change


def _occasion(count: Count) -> Occasion:
    return Occasion(id=str(count.pk), cause=f"count {count.pk}", reference=subject_of(count))


def _refuse_unapproved(reviewed: Sequence[Reviewed]) -> None:
    waiting = [
        {
            "sku": row.spot.sku,
            "counted": row.counted,
            "recorded": row.recorded,
            "variance": row.variance,
            "check": list(row.reasons),
        }
        for row in reviewed
        if row.needs_approval
    ]
    if waiting:
        raise ApprovalNeeded(lines=waiting)


def _keep_results(count: Count, reviewed: Sequence[Reviewed]) -> None:
    CountResult.objects.bulk_create(
        [
            CountResult(
                count=count,
                sku_id=row.spot.sku_id,
                recorded=row.recorded,
                variance=row.variance,
                superseded=row.superseded,
            )
            for row in reviewed
        ],
        update_conflicts=True,
        unique_fields=["count", "sku"],
        update_fields=["recorded", "variance", "superseded"],
    )


def subject_of(count: Count) -> str:
    return f"counts/{count.pk}"
