"""Scanning along a pick list. The client makes each scan's id: the same id is the same scan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from core.access.principal import Principal
from inventory.choices import LabelStep
from inventory.commands.labels import Labelled, lock_serials, record_labels
from inventory.commands.scans import Judged, ScanBook
from inventory.queries.barcode_owners import Printed
from inventory.queries.labels import serials_of
from inventory.queries.scan import Read, find_labels
from orders.choices import PickListState, PickMode, ScanVerdict
from orders.commands.fulfilment.common import grip_goods
from orders.commands.picking.ownership import person_of, take_pick_list
from orders.commands.picking.pick_lists import lock_pick_list
from orders.commands.picking.verdicts import Judge
from orders.models import FulfilmentLine, PickList, PickListLine, Scan
from orders.queries.pick_lists import lines_with_orders
from orders.queries.serials import fulfilment_reference, orders_with_serials
from orders.transitions import next_pick_list_state

SCANS = ScanBook(Scan, owner="pick_list_id")


def scan_picks(
    *, identity: int, reads: Sequence[Read], actor: Principal, person: str = ""
) -> tuple[PickList, list[dict[str, Any]]]:
    """Count scanned units as picked; return the list, and the result of each scan in its order.

    The first scan takes the list for the person. A repeated scan, in this call or in another, is a
    `duplicate` without effect and carries its first result. Raises `OtherPersonsList` where a scan
    is not a repeat.
    """
    pick_list, _ = lock_pick_list(identity=identity, actor=actor)
    fresh = SCANS.unseen(reads)
    if fresh:
        take_pick_list(pick_list, person=person_of(actor, person), actor=actor)
    lines = lines_with_orders([pick_list])
    labels = find_labels((read.payload for read in fresh), printed=_printed(lines))
    serials = serials_of(labels.values())
    lock_serials(serials)
    judge = Judge(
        lines,
        today=timezone.now().astimezone(ZoneInfo(pick_list.location.timezone)).date(),
        has_totes=pick_list.mode == PickMode.BATCH,
        is_given_back=pick_list.state == PickListState.ABANDONED,
        taken=orders_with_serials(serials),
    )
    kept = SCANS.keep(judge.judge(fresh, labels), owner=pick_list.pk, actor=actor)
    accepted = [one for one in kept if one.verdict == ScanVerdict.ACCEPTED]
    counted = _count(accepted)
    _record(pick_list, accepted, actor=actor)
    if accepted:
        pick_list.state = next_pick_list_state(pick_list.state, "scan")
        pick_list.save(update_fields=["state"])
    grip_goods(counted)
    return pick_list, _results(pick_list, lines, SCANS.results(reads, kept))


def _record(
    pick_list: PickList, accepted: Iterable[Judged[PickListLine]], *, actor: Principal
) -> None:
    """Keep what the labels say, for the orders that get the units."""
    record_labels(
        (
            Labelled.of(
                one.label.sku_id,
                one.label.scanned,
                one.units,
                fulfilment_reference(one.line.fulfilment_line.fulfilment.code),
            )
            for one in accepted
            if one.line and one.label
        ),
        step=LabelStep.PICKED,
        location_id=pick_list.location_id,
        actor=actor,
    )


def _printed(lines: Iterable[PickListLine]) -> Printed:
    """Return the barcodes that the list was made with, whomever they belong to by now."""
    return {
        code: (line.sku_id, line.sku.code, units)
        for line in lines
        for code, units in line.barcodes.items()
    }


def _results(
    pick_list: PickList,
    lines: Sequence[PickListLine],
    told: Sequence[tuple[dict[str, Any], Scan]],
) -> list[dict[str, Any]]:
    totes = {line.pk: line.tote for line in lines}
    for result, scan in told:
        if scan.line_id and scan.pick_list_id == pick_list.pk:
            result |= {"line": str(scan.line_id), "tote": totes[scan.line_id]}
        if scan.undone_at:
            result["undone"] = True
        if not scan.verdict:  # it was undone before it came
            del result["first_result"]
    return [result for result, _ in told]


def _count(accepted: Iterable[Judged[PickListLine]]) -> list[FulfilmentLine]:
    """Raise `picked` of the list's lines and of the fulfilments' lines; return the latter."""
    changed: dict[int, PickListLine] = {}
    for one in accepted:
        if one.line:
            one.line.picked += one.units
            one.line.fulfilment_line.picked += one.units
            changed[one.line.pk] = one.line
    PickListLine.objects.bulk_update(changed.values(), ["picked", "bin"])
    picked = [line.fulfilment_line for line in changed.values()]
    FulfilmentLine.objects.bulk_update(picked, ["picked"])
    return picked
