"""Scanning along a pick list. The client makes each scan's id: the same id is the same scan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from inventory.queries.scan import Read, find_skus
from omniretail.access.principal import Principal
from orders.choices import ScanVerdict
from orders.commands.pick_lists import lock_pick_list
from orders.models import FulfilmentLine, PickList, PickListLine, Scan
from orders.queries.pick_lists import lines_with_orders, outstanding
from orders.transitions import next_pick_list_state


@dataclass(frozen=True, slots=True)
class Judged:
    """A read with its verdict, and the line that it belongs to."""

    read: Read
    verdict: ScanVerdict
    line: PickListLine | None = None


def scan_picks(
    *, identity: int, reads: Sequence[Read], actor: Principal
) -> tuple[PickList, list[dict[str, Any]]]:
    """Count scanned units as picked; return the list, and what came of each read in its order.

    A read that was seen before, in this call or in another, is a `duplicate` without effect and
    carries its first result.
    """
    pick_list = lock_pick_list(identity=identity, actor=actor)
    fresh = {read.scan_id: read for read in reversed(reads)}  # the first of equal ids counts
    for known in Scan.objects.filter(scan_id__in=list(fresh)).values_list("scan_id", flat=True):
        del fresh[known]
    lines = lines_with_orders([pick_list])
    skus = find_skus({read.payload for read in fresh.values()})
    judged = judge([read for read in reads if fresh.get(read.scan_id) is read], lines, skus)
    kept = _keep(judged, pick_list, actor=actor)
    _count([one for one in judged if one.read.scan_id in kept])
    if any(one.verdict == ScanVerdict.ACCEPTED for one in judged if one.read.scan_id in kept):
        pick_list.state = next_pick_list_state(pick_list.state, "scan")
        pick_list.save(update_fields=["state"])
    return pick_list, _results(reads, fresh, kept, pick_list)


def judge(
    reads: Iterable[Read], lines: Sequence[PickListLine], skus: dict[str, int]
) -> list[Judged]:
    """Decide each read in turn against what the lines, in walking order, still ask for.

    A read of several units belongs to one line: it is not spread over totes.
    """
    left = {line.pk: outstanding(line) for line in lines}
    judged = []
    for read in reads:
        sku_id = skus.get(read.payload)
        wanted = [line for line in lines if line.sku_id == sku_id]
        line = next((line for line in wanted if left[line.pk] >= read.quantity), None)
        if sku_id is None:
            judged.append(Judged(read, ScanVerdict.UNKNOWN_BARCODE))
        elif not wanted:
            judged.append(Judged(read, ScanVerdict.WRONG_ITEM))
        elif line is None:
            judged.append(Judged(read, ScanVerdict.OVER_PICK, wanted[0]))
        else:
            left[line.pk] -= read.quantity
            judged.append(Judged(read, ScanVerdict.ACCEPTED, line))
    return judged


def _keep(judged: Sequence[Judged], pick_list: PickList, *, actor: Principal) -> set[UUID]:
    """Write the scans down; return the ids that were new.

    An id that another list has taken since we looked is left out: that was the first.
    """
    # In one order, so that two lists with the same ids do not wait for each other crosswise.
    rows = sorted(judged, key=lambda one: one.read.scan_id)
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO orders_scan
                   (scan_id, pick_list_id, line_id, payload, quantity, verdict, scanned_at, actor)
               SELECT s.scan_id, %s, s.line_id, s.payload, s.quantity, s.verdict, s.at, %s
               FROM unnest(%s::uuid[], %s::bigint[], %s::text[], %s::int[], %s::text[],
                           %s::timestamptz[]) AS s(scan_id, line_id, payload, quantity, verdict, at)
               ON CONFLICT DO NOTHING RETURNING scan_id""",
            [
                pick_list.pk,
                actor.name[:150],
                [one.read.scan_id for one in rows],
                [one.line.pk if one.line else None for one in rows],
                [one.read.payload for one in rows],
                [one.read.quantity for one in rows],
                [str(one.verdict) for one in rows],
                [one.read.at for one in rows],
            ],
        )
        return {row[0] for row in cursor.fetchall()}


def _count(judged: Sequence[Judged]) -> None:
    """Raise `picked` of the list's lines and of the fulfilments' lines."""
    changed: dict[int, PickListLine] = {}
    for one in judged:
        if one.verdict == ScanVerdict.ACCEPTED and one.line:
            one.line.picked += one.read.quantity
            one.line.fulfilment_line.picked += one.read.quantity
            changed[one.line.pk] = one.line
    PickListLine.objects.bulk_update(changed.values(), ["picked", "bin"])
    FulfilmentLine.objects.bulk_update(
        [line.fulfilment_line for line in changed.values()], ["picked"]
    )


def _results(
    reads: Sequence[Read], fresh: dict[UUID, Read], kept: set[UUID], pick_list: PickList
) -> list[dict[str, Any]]:
    """Say what came of each read, as it is written down now."""
    written = Scan.objects.in_bulk({read.scan_id for read in reads})
    results = []
    for read in reads:
        scan = written[read.scan_id]
        first = read.scan_id in kept and fresh[read.scan_id] is read
        result: dict[str, Any] = {
            "scan_id": str(read.scan_id),
            "result": scan.verdict if first else ScanVerdict.DUPLICATE.value,
        }
        if not first:
            result["first_result"] = scan.verdict
        if scan.line_id and scan.pick_list_id == pick_list.pk:
            result["line"] = str(scan.line_id)
        results.append(result)
    return results
