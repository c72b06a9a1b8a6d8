"""Counts as the API shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Count as CountOf
from django.db.models import Prefetch, Q, QuerySet

from core.access.principal import Principal
from core.database.updated_at import exact_text
from inventory.models import Count, CountLine
from inventory.queries.counting.count_review import Reviewed, review
from inventory.queries.transfers import as_id
from inventory.timestamps import as_text
from inventory.transitions import count_actions


def visible_counts(actor: Principal) -> QuerySet[Count]:
    """Return the counts at locations which the actor may see."""
    return Count.objects.visible_to(actor).select_related("location")


def with_progress(counts: QuerySet[Count]) -> QuerySet[Count]:
    """Add how many lines there are and how many of them are counted."""
    done = Q(lines__counted__isnull=False)
    return counts.annotate(
        lines_total=CountOf("lines"), lines_counted=CountOf("lines", filter=done)
    )


def with_lines(counts: QuerySet[Count]) -> QuerySet[Count]:
    """Add the lines in walking order, with their SKUs."""
    lines = CountLine.objects.select_related("sku").order_by("walk", "bin", "sku__code")
    return counts.prefetch_related(Prefetch("lines", lines))


def count_summaries(counts: Sequence[Count]) -> list[dict[str, Any]]:
    """Return counts of `with_progress` without their lines."""
    return [_summary(count) for count in counts]


def count_document(count: Count) -> dict[str, Any]:
    """Return a count with its lines and, once it is submitted, their variances.

    While people count, it does not contain the recorded figures.
    """
    count = with_lines(with_progress(Count.objects.select_related("location"))).get(pk=count.pk)
    return {
        **_summary(count),
        "lines": [
            {
                "sku": line.sku.code,
                "name": line.sku.name,
                "bin": line.bin or None,
                "counted": line.counted,
                "counted_by": line.counted_by or None,
                "counted_at": as_text(line.counted_at),
            }
            for line in count.lines.all()
        ],
        "review": [_reviewed(row) for row in review(count)],
    }


def _summary(count: Any) -> dict[str, Any]:
    return {
        "id": str(count.pk),
        "location": count.location.code,
        "name": count.name,
        "state": str(count.state),
        "threshold": {"units": count.threshold_units, "percent": count.threshold_percent},
        "lines_total": count.lines_total,
        "lines_counted": count.lines_counted,
        "created_by": count.created_by,
        "created_at": as_text(count.created_at),
        "submitted_at": as_text(count.submitted_at),
        "finished_by": count.finished_by or None,
        "finished_at": as_text(count.finished_at),
        "updated_at": exact_text(count.updated_at),
        "allowed_actions": count_actions(count.state),
    }


def _reviewed(row: Reviewed) -> dict[str, Any]:
    return {
        "sku": row.spot.sku,
        "counted": row.counted,
        "counted_at": as_text(row.counted_at),
        "counted_by": sorted(set(row.counters.values())),
        "recorded": row.recorded,
        "variance": row.variance,
        "superseded": row.superseded,
        "check": list(row.reasons),
        "needs_approval": row.needs_approval,
        "approved_by": row.approved_by or None,
        "approved_at": as_text(row.approved_at),
    }


def sku_ids_counted(identity: str) -> list[int]:
    """Return the SKUs that are counted; none when there is no such count."""
    lines = CountLine.objects.filter(count=as_id(identity), counted__isnull=False)
    return list(lines.order_by("sku").values_list("sku_id", flat=True).distinct())
