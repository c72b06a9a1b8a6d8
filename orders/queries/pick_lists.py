"""Pick lists as the API shows them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Count, Sum

from core.database.updated_at import exact_text
from inventory.models import Barcode
from inventory.queries.placements import Turn, bins_of_skus
from inventory.timestamps import as_text
from orders.models import PickList, PickListLine
from orders.queries.walk_turns import stops_of, turns_by_layout
from orders.transitions import pick_list_actions

# States in which a fulfilment's goods are still to be picked.
BEING_PICKED = ("open", "picking")
# States in which a scan or a short pick can be taken back: no box is closed.
MAY_UNDO = (*BEING_PICKED, "rejected", "cancelled")


def lines_with_orders(pick_lists: Iterable[PickList]) -> list[PickListLine]:
    """Return the lines in walking order, with their SKU and the units still wanted.

    Units still to be picked are shown in their present bin: the one stored with
    the list may be out of date.
    """
    pick_lists = list(pick_lists)
    lines = list(
        PickListLine.objects.filter(pick_list__in=pick_lists)
        .select_related("sku", "fulfilment_line__fulfilment__order")
        .order_by("pick_list_id", "position")
    )
    return _follow_goods(lines, {each.pk: each.location_id for each in pick_lists})


def _follow_goods(lines: list[PickListLine], places: dict[int, int]) -> list[PickListLine]:
    """Give lines with units to pick their present bin, and all lines the present order."""
    to_fetch = [line for line in lines if outstanding(line)]
    if not to_fetch:
        return lines
    bins = bins_of_skus({line.sku_id for line in to_fetch}, location_ids=set(places.values()))
    stops = stops_of(lines)
    turns: dict[int, Turn] = {}
    for line in to_fetch:
        here = bins.get((places[line.pick_list_id], line.sku_id), [])
        turn = next((turn for turn in here if turn[1] == line.bin), here[0] if here else None)
        line.bin = turn[1] if turn else ""
        line.also_in = [code for _, code in here if code != line.bin]
        if turn:
            turns[line.pk] = turn
    turns |= turns_by_layout(to_fetch, stops, places)
    ordered: list[tuple[int, Turn, int, PickListLine]] = []
    before: dict[int, Turn] = {}
    for line in lines:
        # Lines that are picked, or without a bin, stay behind the line that they followed.
        turn = turns.get(line.pk) or before.get(line.pick_list_id, (0, ""))
        before[line.pick_list_id] = turn
        ordered.append((line.pick_list_id, turn, line.position, line))
    return [line for *_, line in sorted(ordered, key=lambda each: each[:3])]


def outstanding(line: PickListLine) -> int:
    """Return the units still to pick: those of the list, less those cancelled since."""
    wanted = line.fulfilment_line
    if wanted.fulfilment.state not in BEING_PICKED:
        return 0
    return max(0, min(line.outstanding, wanted.quantity - wanted.picked))


def cancelled(line: PickListLine) -> int:
    """Return the units of a line that were asked for and are not wanted any more."""
    return line.outstanding - outstanding(line)


def put_back(line: PickListLine) -> int:
    """Return the units of a line that are picked and not wanted any more."""
    return max(0, line.picked - line.fulfilment_line.picked)


def pick_list_documents(pick_lists: Iterable[PickList]) -> list[dict[str, Any]]:
    """Return lists (with their locations) as documents, in three queries however many."""
    pick_lists = list(pick_lists)
    lines: dict[int, list[PickListLine]] = {pick_list.pk: [] for pick_list in pick_lists}
    for line in lines_with_orders(pick_lists):
        lines[line.pick_list_id].append(line)
    barcodes: dict[int, list[str]] = {}
    skus = {line.sku_id for some in lines.values() for line in some}
    for sku_id, code in (
        Barcode.objects.filter(sku__in=skus).order_by("id").values_list("sku_id", "code")
    ):
        barcodes.setdefault(sku_id, []).append(code)
    return [
        {
            "id": str(pick_list.pk),
            "state": pick_list.state,
            "location": pick_list.location.code,
            "mode": pick_list.mode,
            "lines": [_line(line, barcodes.get(line.sku_id, [])) for line in lines[pick_list.pk]],
            "person": pick_list.person or None,
            "created_by": pick_list.created_by,
            "created_at": as_text(pick_list.created_at),
            "completed_at": as_text(pick_list.completed_at),
            "updated_at": exact_text(pick_list.updated_at),
            "allowed_actions": pick_list_actions(pick_list.state),
        }
        for pick_list in pick_lists
    ]


def pick_list_document(pick_list: PickList) -> dict[str, Any]:
    """Return one list, which may have changed, as a document."""
    pick_list.refresh_from_db(fields=["updated_at"])
    return pick_list_documents([pick_list])[0]


def count_up(pick_lists: Iterable[PickList]) -> list[dict[str, Any]]:
    """Return how much work each list has, in the order given, in one query."""
    ids = [pick_list.pk for pick_list in pick_lists]
    nothing = {"orders": 0, "lines": 0, "units": 0}
    counted = {
        row["pick_list"]: {name: row[name] for name in nothing}  # type: ignore[literal-required]
        for row in PickListLine.objects.filter(pick_list__in=ids)
        .order_by()
        .values("pick_list")
        .annotate(lines=Count("pk"), units=Sum("quantity"), orders=Count("tote", distinct=True))
    }
    return [{"id": str(identity), **counted.get(identity, nothing)} for identity in ids]


def _line(line: PickListLine, barcodes: list[str]) -> dict[str, Any]:
    fulfilment = line.fulfilment_line.fulfilment
    return {
        "id": str(line.pk),
        "sku": line.sku.code,
        "name": line.sku.name,
        "barcodes": barcodes,
        "bin": line.bin or None,
        "also_in": list(line.also_in),
        # Falls when the customer cancels units that are not picked yet.
        "quantity": line.picked + line.short + outstanding(line),
        "picked": line.picked,
        "short": line.short,
        "cancelled": cancelled(line),
        "put_back": put_back(line),
        "order": fulfilment.order.number,
        "fulfilment": fulfilment.code,
        "tote": line.tote,
    }
