"""Recording last counts and drift: figures that differed from the record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from core.access.principal import Principal
from inventory.ledger.shapes import ACTOR_LENGTH
from inventory.models import Drift, LastCount
from inventory.queries.counting.findings import Finding
from inventory.queries.counting.last_counts import last_counts


def note_figures(
    findings: Sequence[Finding], *, source: str, reference: str, now: datetime, actor: Principal
) -> None:
    """Record the figures that were applied, under the locks of their Stock rows; those without a
    time are of `now`.

    A repeated figure of the same time records nothing: it agrees by now.
    """
    if not findings:
        return
    before = last_counts([finding.counted.spot.pair for finding in findings])
    name = actor.name[:ACTOR_LENGTH]
    Drift.objects.bulk_create(
        [
            Drift(
                sku_id=finding.counted.spot.sku_id,
                location_id=finding.counted.spot.location_id,
                source=source,
                reference=reference,
                reported=finding.counted.on_hand,
                expected=finding.recorded,
                drift=finding.counted.on_hand - finding.recorded,
                as_of=finding.counted.at or now,
                since=before[finding.counted.spot.pair].at
                if finding.counted.spot.pair in before
                else None,
                actor=name,
            )
            for finding in findings
            if finding.counted.on_hand != finding.recorded
        ]
    )
    LastCount.objects.bulk_create(
        [
            LastCount(
                sku_id=finding.counted.spot.sku_id,
                location_id=finding.counted.spot.location_id,
                at=finding.counted.at or now,
                counted=finding.counted.on_hand,
                source=source,
                reference=reference,
                actor=name,
            )
            for finding in findings
        ],
        update_conflicts=True,
        unique_fields=["sku", "location"],
        update_fields=["at", "counted", "source", "reference", "actor"],
    )
