"""Taking back a scan: the goods went to the shelf again, or were never taken."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone

from core.access.principal import Principal
from core.problems.catalogue import NotFound
from inventory.choices import LabelStep
from inventory.commands.labels import Labelled, record_labels
from orders.choices import ScanVerdict
from orders.commands.fulfilment.common import grip_goods
from orders.commands.picking.ownership import person_of, take_pick_list
from orders.commands.picking.pick_lists import lock_pick_list
from orders.errors import LineClosed
from orders.models import FulfilmentLine, PickList, PickListLine, Scan
from orders.queries.pick_lists import MAY_UNDO
from orders.queries.serials import fulfilment_reference
from orders.transitions import next_pick_list_state


def undo_scan(*, identity: int, scan_id: UUID, actor: Principal, person: str = "") -> PickList:
    """Take back a scan of an open list; one that was taken back already stays so.

    A scan that has not arrived yet is noted, and counts for nothing when it comes: devices that
    were offline send in any order. Raises `LineClosed` when the line is short or its box closed.
    """
    pick_list, _ = lock_pick_list(identity=identity, actor=actor)
    scan = Scan.objects.filter(pk=scan_id).first()
    if scan and scan.pick_list_id != pick_list.pk:
        raise NotFound("There is no such scan on this pick list.")
    if scan and scan.undone_at:
        return pick_list
    pick_list.state = next_pick_list_state(pick_list.state, "undo")
    take_pick_list(pick_list, person=person_of(actor, person), actor=actor)
    if scan is None:
        scan = _not_arrived(pick_list, scan_id, actor)
    elif scan.verdict == ScanVerdict.ACCEPTED and scan.line_id:
        wanted = _put_back(scan.line_id, scan.units)
        _mark(scan, actor)
        _record(pick_list, scan, wanted, actor)
        grip_goods([wanted])
        return pick_list
    _mark(scan, actor)
    return pick_list


def _not_arrived(pick_list: PickList, scan_id: UUID, actor: Principal) -> Scan:
    scan, is_new = Scan.objects.get_or_create(
        scan_id=scan_id,
        defaults={"pick_list": pick_list, "quantity": 0, "verdict": "", "actor": actor.name[:150]},
    )
    if not is_new and scan.pick_list_id != pick_list.pk:  # it has just arrived, for another list
        raise NotFound("There is no such scan on this pick list.")
    return scan


def _put_back(line_id: int, units: int) -> FulfilmentLine:
    """Take units off a line; first those that the order does not want any more."""
    line = PickListLine.objects.select_related("fulfilment_line__fulfilment").get(pk=line_id)
    wanted = line.fulfilment_line
    state = wanted.fulfilment.state
    if line.short or state not in MAY_UNDO:
        why = "the rest was recorded as short: undo that first" if line.short else f"it is {state}"
        raise LineClosed(f"The line is closed, because {why}.", picked=line.picked)
    unwanted = max(0, line.picked - wanted.picked)
    line.picked -= units
    wanted.picked -= max(0, units - unwanted)
    line.save(update_fields=["picked"])
    wanted.save(update_fields=["picked"])
    return wanted


def _mark(scan: Scan, actor: Principal) -> None:
    scan.undone_at, scan.undone_by = timezone.now(), actor.name[:150]
    scan.save(update_fields=["undone_at", "undone_by"])


def _record(pick_list: PickList, scan: Scan, wanted: FulfilmentLine, actor: Principal) -> None:
    if scan.sku_id is None:  # from before labels were kept
        return
    goods = Labelled(
        scan.sku_id,
        scan.units,
        fulfilment_reference(wanted.fulfilment.code),
        lot=scan.lot,
        serial=scan.serial,
        expiry=scan.expiry,
    )
    record_labels([goods], step=LabelStep.PUT_BACK, location_id=pick_list.location_id, actor=actor)
