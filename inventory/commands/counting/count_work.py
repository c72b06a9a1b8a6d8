"""The steps of a count: starting it, entering figures, submitting it."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from core.access.principal import Principal
from core.audit.record import record
from core.problems.catalogue import NotFound
from inventory.choices import CountState, LabelStep
from inventory.commands.counting.count import MOST_COUNTED
from inventory.commands.labels import Labelled, record_labels
from inventory.errors import BalanceOutOfRange, CountIncomplete, NothingCounted
from inventory.ledger.shapes import ACTOR_LENGTH
from inventory.models import Count, CountEntry, CountLine, CountResult
from inventory.models.count import PERCENT_TO_CHECK, UNITS_TO_CHECK
from inventory.queries.barcode_owners import ScannedSku
from inventory.queries.counting.count_choice import LAST_TURN, ToCount
from inventory.queries.counting.counts import visible_counts
from inventory.queries.transfers import as_id
from inventory.transitions import next_count_state
from stores.queries.network import Place


@dataclass(frozen=True, slots=True)
class Seen:
    """One entry: units of a SKU, in a bin or in the whole location; or an empty bin.

    `entry_id` was made by the device: the same id is the same entry. `adds`: these are added
    to the earlier figure. Without a SKU, the bin is empty. `label`: what was read of it.
    """

    entry_id: uuid.UUID
    at: datetime
    sku_id: int | None
    bin: str = ""
    walk: int = LAST_TURN
    quantity: int = 0
    adds: bool = False
    label: ScannedSku | None = None


@dataclass(frozen=True, slots=True)
class Threshold:
    """The variance from which a second person must approve, in units or in percent."""

    units: int = UNITS_TO_CHECK
    percent: int = PERCENT_TO_CHECK


def start_count(
    *,
    place: Place,
    name: str,
    lines: Iterable[ToCount],
    threshold: Threshold,
    actor: Principal,
) -> Count:
    """Create a count of these lines. Nothing moves until the count is applied."""
    count = Count.objects.create(
        location_id=place.id,
        name=name,
        threshold_units=threshold.units,
        threshold_percent=threshold.percent,
        created_by=actor.name[:ACTOR_LENGTH],
    )
    CountLine.objects.bulk_create(
        [CountLine(count=count, sku_id=line.sku_id, bin=line.bin, walk=line.walk) for line in lines]
    )
    return count


def lock_count(*, identity: str, actor: Principal) -> Count:
    """Lock a count; raise `NotFound` for one that the actor may not see."""
    count = (
        visible_counts(actor)
        .filter(pk=as_id(identity))
        .select_for_update(of=("self",), no_key=True)
        .first()
    )
    if count is None:
        raise NotFound("There is no such count.")
    return count


def enter_counts(*, identity: str, seen: Sequence[Seen], actor: Principal) -> list[bool]:
    """Record entries; return for each whether it was new.

    A SKU or a bin that is not on the list is added to it, not refused. Raises
    `IllegalTransition` for a new entry unless the count is open, `BalanceOutOfRange` when a figure
    grows beyond the integer range.
    """
    count = lock_count(identity=identity, actor=actor)
    stored = set(
        CountEntry.objects.filter(
            line__count=count, entry_id__in={each.entry_id for each in seen}
        ).values_list("entry_id", flat=True)
    )
    fresh = []
    for each in seen:
        fresh.append(each.entry_id not in stored)
        stored.add(each.entry_id)
    new = [each for each, is_new in zip(seen, fresh, strict=True) if is_new]
    if not new:
        return fresh
    next_count_state(count.state, "enter")
    lines = _lines_for(count, new)
    entries = [
        CountEntry(
            line=line,
            entry_id=each.entry_id,
            quantity=each.quantity,
            adds=each.adds,
            at=each.at,
            counted_by=actor.name[:ACTOR_LENGTH],
            counter=actor.id,
        )
        for each in new
        for line in (
            [lines[each.sku_id, each.bin]]
            if each.sku_id is not None
            else [line for (_, shelf), line in lines.items() if shelf == each.bin]
        )
    ]
    CountEntry.objects.bulk_create(entries)
    record_labels(
        (
            Labelled.of(each.sku_id, each.label, each.quantity, f"counts/{count.pk}")
            for each in new
            if each.sku_id is not None and each.label
        ),
        step=LabelStep.COUNTED,
        location_id=count.location_id,
        actor=actor,
    )
    _sum_up({entry.line_id: entry.line for entry in entries}.values())
    return fresh


def _lines_for(count: Count, seen: Sequence[Seen]) -> dict[tuple[int, str], CountLine]:
    """Return the lines of entries, by SKU and bin; missing ones are created."""
    concerned = Q(sku__in={each.sku_id for each in seen if each.sku_id is not None})
    concerned |= Q(bin__in={each.bin for each in seen if each.sku_id is None})
    rows = CountLine.objects.filter(concerned, count=count)
    lines = {(line.sku_id, line.bin): line for line in rows}
    lacking = {
        (each.sku_id, each.bin): each.walk
        for each in seen
        if each.sku_id is not None and (each.sku_id, each.bin) not in lines
    }
    made = CountLine.objects.bulk_create(
        [
            CountLine(count=count, sku_id=sku_id, bin=shelf, walk=walk)
            for (sku_id, shelf), walk in lacking.items()
        ]
    )
    return lines | {(line.sku_id, line.bin): line for line in made}


def _sum_up(lines: Collection[CountLine]) -> None:
    """Compute the figures of lines from their entries, in the order of the entries' times.

    The last figure for the whole bin counts, by its own time and not by its arrival; units added
    since are added.
    """
    entries: dict[int, list[CountEntry]] = {}
    rows = CountEntry.objects.filter(line__in=list(lines), voided=False).order_by("at", "pk")
    for entry in rows:
        if not entry.adds:
            entries[entry.line_id] = []
        entries.setdefault(entry.line_id, []).append(entry)
    for line in lines:
        mine = entries.get(line.pk, [])
        line.counted = sum(entry.quantity for entry in mine) if mine else None
        if line.counted is not None and line.counted > MOST_COUNTED:
            raise BalanceOutOfRange()
        names = dict.fromkeys(entry.counted_by for entry in mine)
        line.counted_by = ", ".join(names)[:ACTOR_LENGTH]
        line.counted_from = mine[0].at if mine else None
        line.counted_at = mine[-1].at if mine else None
    CountLine.objects.bulk_update(lines, ["counted", "counted_by", "counted_from", "counted_at"])


def submit_count(*, identity: str, actor: Principal) -> Count:
    """Submit a count for review.

    Raises `NothingCounted`, and `CountIncomplete` when a SKU was counted in some of its bins
    only. SKUs that were not counted at all stay as they are.
    """
    count = lock_count(identity=identity, actor=actor)
    state = next_count_state(count.state, "submit")
    lines: dict[str, list[CountLine]] = {}
    for line in CountLine.objects.filter(count=count).select_related("sku").order_by("walk", "pk"):
        lines.setdefault(line.sku.code, []).append(line)
    counted = {
        sku: mine for sku, mine in lines.items() if any(line.counted is not None for line in mine)
    }
    if not counted:
        raise NothingCounted()
    left = {sku: _bins_left(mine) for sku, mine in counted.items()}
    if any(left.values()):
        raise CountIncomplete(
            lines=[{"sku": sku, "bins": bins} for sku, bins in sorted(left.items()) if bins]
        )
    too_many = sorted(
        sku
        for sku, mine in counted.items()
        if sum(line.counted or 0 for line in mine) > MOST_COUNTED
    )
    if too_many:
        raise BalanceOutOfRange(lines=[{"sku": sku} for sku in too_many])
    count.state = state
    count.submitted_at = timezone.now()
    count.save(update_fields=["state", "submitted_at"])
    return count


def _bins_left(lines: Sequence[CountLine]) -> list[str]:
    """Return the bins of a SKU that were not counted.

    A figure without a bin covers all bins that were not counted, so none is left then.
    """
    if any(not line.bin and line.counted is not None for line in lines):
        return []
    return [line.bin for line in lines if line.bin and line.counted is None]


def recount(*, identity: str, sku_ids: Collection[int], actor: Principal) -> Count:
    """Withdraw the figures of some SKUs, and open the count for them again."""
    count = lock_count(identity=identity, actor=actor)
    count.state = next_count_state(count.state, "recount")
    count.save(update_fields=["state"])
    lines = CountLine.objects.filter(count=count, sku__in=sku_ids)
    CountEntry.objects.filter(line__in=lines).update(voided=True)
    lines.update(counted=None, counted_by="", counted_from=None, counted_at=None)
    CountResult.objects.filter(count=count, sku__in=sku_ids).delete()
    return count


def cancel_count(*, identity: str, actor: Principal) -> Count:
    """Cancel a count. The stock does not change."""
    count = lock_count(identity=identity, actor=actor)
    count.state = next_count_state(count.state, "cancel")
    finish(count, actor)
    record(actor=actor, action="count.cancelled", subject=f"counts/{count.pk}")
    return count


def finish(count: Count, actor: Principal) -> None:
    """Record who ended a count, and when."""
    assert count.state in (CountState.APPLIED, CountState.CANCELLED)
    count.finished_by = actor.name[:ACTOR_LENGTH]
    count.finished_at = timezone.now()
    count.save(update_fields=["state", "finished_by", "finished_at"])
