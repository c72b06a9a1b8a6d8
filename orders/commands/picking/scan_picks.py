"""Scanning along a pick list. The client makes each scan's id: the same id is the same scan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from core.access.principal import Principal
from inventory.commands.scans import Judged, ScanBook
from inventory.queries.scan import Read, find_skus
from orders.choices import ScanVerdict
from orders.commands.fulfilment.common import grip_goods
from orders.commands.picking.pick_lists import lock_pick_list
from orders.models import FulfilmentLine, PickList, PickListLine, Scan
from orders.queries.pick_lists import lines_with_orders, outstanding
from orders.transitions import next_pick_list_state

SCANS = ScanBook(Scan, owner="pick_list_id")


def scan_picks(
    *, identity: int, reads: Sequence[Read], actor: Principal
) -> tuple[PickList, list[dict[str, Any]]]:
    """Count scanned units as picked; return the list, and the result of each scan in its order.

    A repeated scan, in this call or in another, is a `duplicate` without effect and
    carries its first result.
    """
    pick_list = lock_pick_list(identity=identity, actor=actor)
    fresh = SCANS.unseen(reads)
    lines = lines_with_orders([pick_list])
    judged = judge(fresh, lines, find_skus({read.payload for read in fresh}))
    kept = SCANS.keep(judged, owner=pick_list.pk, actor=actor)
    accepted = [one for one in kept if one.verdict == ScanVerdict.ACCEPTED]
    counted = _count(accepted)
    if accepted:
        pick_list.state = next_pick_list_state(pick_list.state, "scan")
        pick_list.save(update_fields=["state"])
    grip_goods(counted)
    told = SCANS.results(reads, kept)
    for result, scan in told:
        if scan.line_id and scan.pick_list_id == pick_list.pk:
            result["line"] = str(scan.line_id)
    return pick_list, [result for result, _ in told]


def judge(
    reads: Iterable[Read], lines: Sequence[PickListLine], skus: dict[str, int]
) -> list[Judged[PickListLine]]:
    """Compare each scan in turn with the units that the lines, in walking order, still need.

    A scan of several units belongs to one line: it is not spread over totes.
    """
    left = {line.pk: outstanding(line) for line in lines}
    judged: list[Judged[PickListLine]] = []
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


def _count(accepted: Iterable[Judged[PickListLine]]) -> list[FulfilmentLine]:
    """Raise `picked` of the list's lines and of the fulfilments' lines; return the latter."""
    changed: dict[int, PickListLine] = {}
    for one in accepted:
        if one.line:
            one.line.picked += one.read.quantity
            one.line.fulfilment_line.picked += one.read.quantity
            changed[one.line.pk] = one.line
    PickListLine.objects.bulk_update(changed.values(), ["picked", "bin"])
    picked = [line.fulfilment_line for line in changed.values()]
    FulfilmentLine.objects.bulk_update(picked, ["picked"])
    return picked
