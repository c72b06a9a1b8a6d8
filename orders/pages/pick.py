"""One line to pick at a time: scan, undo, cannot find it, done."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.access.principal import Principal
from core.pages.staff import NotDone, act, actor_of, staff_page
from inventory.queries.scan import Read
from orders.choices import PickListState, PickMode, ScanVerdict
from orders.commands.picking.ending import abandon_pick_list, complete_pick_list
from orders.commands.picking.scan_picks import scan_picks
from orders.commands.picking.short_pick import Found, short_pick
from orders.commands.picking.undo_scan import undo_scan
from orders.commands.picking.undo_short import undo_short
from orders.models import PickList, PickListLine, Scan
from orders.pages.totes import letter_of
from orders.queries.pick_lists import lines_with_orders, outstanding
from stores.pages.places import show_here

LONGEST = 512  # characters of a scan
CLOSED = (PickListState.COMPLETED, PickListState.ABANDONED)


@staff_page("fulfilment:write")
def pick(request: HttpRequest, identity: int) -> HttpResponse:
    """Show the line to pick next, and do what is asked for it."""
    actor = actor_of(request)
    pick_list = _find(identity, actor)
    if request.method != "POST":
        return _page(request, pick_list)
    asked = request.POST.get("do", "scan")
    if asked == "scan":
        return _scan(request, pick_list, actor)
    work = WORK.get(asked)
    if work is None:
        return _page(request, pick_list, refused=_("This button is not known here."), status=400)
    try:
        words, leads_to = work(request, pick_list, actor)
    except NotDone as why:
        return _page(request, pick_list, refused=str(why), status=409)
    messages.success(request, words)
    return HttpResponseRedirect(leads_to)


def _scan(request: HttpRequest, pick_list: PickList, actor: Principal) -> HttpResponse:
    """Count a scan. What was refused is answered with the page itself, so that it is seen."""
    payload = request.POST.get("payload", "").strip()
    scan_id = _as_uuid(request.POST.get("scan_id", ""))
    if not payload or len(payload) > LONGEST or "\x00" in payload or scan_id is None:
        return _page(request, pick_list, refused=_("Scan the code of the goods."), status=400)
    read = Read(scan_id, payload, tote=_tote(request.POST.get("tote", "")))
    try:
        _list, (result,) = act(lambda: scan_picks(identity=pick_list.pk, reads=[read], actor=actor))
    except NotDone as why:
        return _page(request, pick_list, refused=str(why), status=409)
    said = result.get("first_result") or result["result"]
    if said in (ScanVerdict.ACCEPTED, ""):
        return HttpResponseRedirect(f"{_address(pick_list)}?scan={scan_id}")
    return _page(request, pick_list, refused=words_of(Scan.objects.get(pk=scan_id)), status=200)


def _undo(request: HttpRequest, pick_list: PickList, actor: Principal) -> tuple[str, str]:
    scan_id = _as_uuid(request.POST.get("scan_id", ""))
    if scan_id is None:
        raise NotDone(_("There is no scan to undo."))
    act(lambda: undo_scan(identity=pick_list.pk, scan_id=scan_id, actor=actor))
    return _("Taken back. Put it onto the shelf again, or scan it anew."), _address(pick_list)


def _undo_short(request: HttpRequest, pick_list: PickList, actor: Principal) -> tuple[str, str]:
    line_id = int(request.POST.get("line", "0")) if request.POST.get("line", "").isdecimal() else 0
    act(lambda: undo_short(identity=pick_list.pk, line_id=line_id, actor=actor))
    return _("Asked for again."), _address(pick_list)


def _complete(request: HttpRequest, pick_list: PickList, actor: Principal) -> tuple[str, str]:
    act(lambda: complete_pick_list(identity=pick_list.pk, actor=actor))
    return _("Done. The list is closed."), reverse("picks")


def _give_back(request: HttpRequest, pick_list: PickList, actor: Principal) -> tuple[str, str]:
    act(lambda: abandon_pick_list(identity=pick_list.pk, actor=actor))
    return _("Given back. What you picked stays with its order."), reverse("picks")


WORK: dict[str, Callable[[HttpRequest, PickList, Principal], tuple[str, str]]] = {
    "undo": _undo,
    "undo-short": _undo_short,
    "complete": _complete,
    "give-back": _give_back,
}


@staff_page("fulfilment:write")
def short(request: HttpRequest, identity: int, line_id: int) -> HttpResponse:
    """Ask how many were found; the customer's others are sourced elsewhere."""
    actor = actor_of(request)
    pick_list = _find(identity, actor)
    line = next((each for each in lines_with_orders([pick_list]) if each.pk == line_id), None)
    if line is None:
        raise Http404
    context: dict[str, Any] = {
        "list": pick_list,
        "line": line,
        "most": line.picked + outstanding(line) - 1,
        "found": line.picked,
        "status": 200,
    }
    if request.method == "POST":
        found = request.POST.get("found", "")
        try:
            if not found.isdecimal() or len(found) > 6:
                raise NotDone(_("Say how many you found, as a number."))
            units = Found(int(found), everywhere=bool(request.POST.get("everywhere")))
            act(lambda: short_pick(identity=identity, line_id=line_id, found=units, actor=actor))
        except NotDone as why:
            context |= {"refused": str(why), "found": found, "status": 409}
        else:
            messages.success(request, _("Noted. The rest is looked for elsewhere."))
            return HttpResponseRedirect(_address(pick_list))
    return show_here(request, "orders/picking/short.html", context, status=context["status"])


def _page(
    request: HttpRequest, pick_list: PickList, *, refused: str = "", status: int = 200
) -> HttpResponse:
    pick_list.refresh_from_db()
    lines = lines_with_orders([pick_list])
    to_pick = [line for line in lines if outstanding(line)]
    current = to_pick[0] if to_pick else None
    scan = _last_scan(pick_list, request.GET.get("scan", "")) if not refused else None
    context = {
        "list": pick_list,
        "line": current,
        "left": outstanding(current) if current else 0,
        "number": len(lines) - len(to_pick) + 1,
        "lines": lines,
        "done": len(lines) - len(to_pick),
        "then": to_pick[1] if len(to_pick) > 1 else None,
        "orders": len({line.tote for line in lines}),
        "is_batch": pick_list.mode == PickMode.BATCH,
        "is_closed": pick_list.state in CLOSED,
        "short_lines": [line for line in lines if line.short],
        "totes": _totes(lines),
        "scan_id": uuid.uuid4(),
        "undoable": _undoable(pick_list),
        "said": words_of(scan) if scan else "",
        "refused": refused,
    }
    return show_here(request, "orders/picking/pick.html", context, status=status)


def _totes(lines: list[PickListLine]) -> list[dict[str, Any]]:
    """Return each tote with its order, and how many units are in it."""
    totes: dict[int, dict[str, Any]] = {}
    for line in lines:
        order = line.fulfilment_line.fulfilment.order.number
        tote = totes.setdefault(line.tote, {"tote": line.tote, "order": order, "units": 0})
        tote["units"] += line.picked
    return [totes[number] for number in sorted(totes)]


def _last_scan(pick_list: PickList, text: str) -> Scan | None:
    scan_id = _as_uuid(text)
    if scan_id is None:
        return None
    return Scan.objects.filter(pk=scan_id, pick_list=pick_list).first()


def _undoable(pick_list: PickList) -> Scan | None:
    """Return the last scan that counts, which a person may take back."""
    counted = Scan.objects.filter(pick_list=pick_list, verdict=ScanVerdict.ACCEPTED, undone_at=None)
    return counted.order_by("recorded_at").last()


def words_of(scan: Scan) -> str:
    """Say in the reader's language what became of a scan, and what to do."""
    what = scan.sku.code if scan.sku else scan.payload
    tote = letter_of(scan.line.tote) if scan.line else ""
    if scan.undone_at:
        return _("%(what)s was taken back.") % {"what": what}
    if scan.verdict == ScanVerdict.ACCEPTED:
        units = ngettext("%(n)d picked.", "%(n)d picked.", scan.units) % {"n": scan.units}
        if scan.line and scan.pick_list.mode == PickMode.BATCH:
            return units + " " + _("Put it into tote %(tote)s.") % {"tote": tote}
        return units
    said = {
        ScanVerdict.DUPLICATE: _("%(what)s was counted already."),
        ScanVerdict.WRONG_ITEM: _("%(what)s is not on this list. Put it back."),
        ScanVerdict.WRONG_TOTE: _("%(what)s belongs into tote %(tote)s."),
        ScanVerdict.OVER_PICK: _("%(what)s: more than asked. Put it back."),
        ScanVerdict.EXPIRED: _("%(what)s is past its date. Leave it, and tell a manager."),
        ScanVerdict.UNKNOWN_BARCODE: _("The code %(what)s is not known. Look at the label again."),
    }
    return said[ScanVerdict(scan.verdict)] % {"what": what, "tote": tote}


def _find(identity: int, actor: Principal) -> PickList:
    found = (
        PickList.objects.visible_to(actor).select_related("location").filter(pk=identity).first()
    )
    if found is None:
        raise Http404
    return found


def _address(pick_list: PickList) -> str:
    return reverse("pick", args=[pick_list.pk])


def _as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _tote(text: str) -> int | None:
    """Read a tote's letter or number; None for none."""
    text = text.strip().upper()
    if text.isdecimal() and text.isascii() and len(text) < 5:
        return int(text)
    return ord(text) - ord("A") + 1 if len(text) == 1 and "A" <= text <= "Z" else None
