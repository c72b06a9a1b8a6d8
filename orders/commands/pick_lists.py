"""Pick lists: taking work off the pile, in walking order, and closing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db.models import F
from django.db.models.fields import DateTimeField
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce
from django.utils import timezone

from inventory.queries.placements import Turn, bins_of_skus
from omniretail.access.principal import Principal
from omniretail.problems import NotFound, ValidationFailed
from orders.choices import FulfilmentState, PickListState, PickMode
from orders.commands.locks import lock_orders
from orders.commands.steps import tell
from orders.errors import IllegalTransition, NothingToPick, PickListIncomplete
from orders.models import Fulfilment, FulfilmentLine, PickList, PickListLine
from orders.queries.fulfilments import workable_fulfilments, worked_at
from orders.queries.pick_lists import lines_with_orders, outstanding, visible_pick_lists
from orders.transitions import fulfilment_actions, next_pick_list_state
from stores.models import Location

NO_BIN = 2**31  # after every bin's turn in the walk


def start_pick_list(
    *,
    location: Location,
    mode: PickMode,
    actor: Principal,
    codes: Sequence[str] | None = None,
    max_orders: int = 12,
) -> PickList:
    """Give one person open fulfilments to pick: those named, or those with the oldest promise.

    Raises `NothingToPick`, or `IllegalTransition` when a named one is not open any more.
    """
    if codes is None:
        limit = 1 if mode == PickMode.SINGLE else max_orders
        taken = _take_oldest(location, limit=limit, actor=actor)
    else:
        taken = _take_named(location, codes, actor=actor)
        if mode == PickMode.SINGLE and len({fulfilment.order_id for fulfilment in taken}) > 1:
            raise ValidationFailed.at(
                "/fulfilments", "A single pick is of one order.", "more_than_one_order"
            )
    if not taken:
        raise NothingToPick(location=location.code)
    Fulfilment.objects.filter(pk__in=[fulfilment.pk for fulfilment in taken]).update(
        state=FulfilmentState.PICKING, version=F("version") + 1
    )
    pick_list = PickList.objects.create(location=location, mode=mode, created_by=actor.name)
    PickListLine.objects.bulk_create(_walk(pick_list, taken))
    tell("fulfilment.picking", taken, actor=actor)
    return pick_list


def _take_oldest(location: Location, *, limit: int, actor: Principal) -> list[Fulfilment]:
    """Lock the most urgent open work. What another picker is just taking is skipped."""
    promised = Coalesce(
        KeyTextTransform("ready_by", "promise"), KeyTextTransform("deliver_by", "promise")
    )
    return list(
        workable_fulfilments(actor)
        .filter(worked_at(location.pk), state=FulfilmentState.OPEN)
        .select_related("order")
        .annotate(due=Cast(promised, DateTimeField()))
        .order_by(F("due").asc(nulls_last=True), "id")
        # Both rows at once and without waiting, so the order of locks cannot matter here.
        .select_for_update(of=("self", "order"), skip_locked=True)[:limit]
    )


def _take_named(location: Location, codes: Sequence[str], *, actor: Principal) -> list[Fulfilment]:
    """Lock these fulfilments, which must be open at this location."""
    here = workable_fulfilments(actor).filter(worked_at(location.pk), code__in=codes)
    lock_orders(set(here.values_list("order_id", flat=True)))
    found = {
        fulfilment.code: fulfilment
        for fulfilment in here.select_for_update(of=("self",)).order_by("pk")
    }
    unknown = [
        {
            "pointer": f"/fulfilments/{index}",
            "detail": "There is no such fulfilment at this location.",
            "code": "unknown_fulfilment",
        }
        for index, code in enumerate(codes)
        if code not in found
    ]
    if unknown:
        raise ValidationFailed(unknown)
    for fulfilment in found.values():
        if fulfilment.state != FulfilmentState.OPEN:
            raise IllegalTransition(
                f"Fulfilment {fulfilment.code} is {fulfilment.state}: only open ones are taken.",
                fulfilment=fulfilment.code,
                state=fulfilment.state,
                allowed_actions=fulfilment_actions(fulfilment.life_cycle, fulfilment.state),
            )
    return [found[code] for code in dict.fromkeys(codes)]


def _walk(pick_list: PickList, fulfilments: Sequence[Fulfilment]) -> list[PickListLine]:
    """Lay out the lines in the order of the bins; each order has a tote of its own."""
    orders = list(dict.fromkeys(fulfilment.order_id for fulfilment in fulfilments))
    totes = {order_id: number for number, order_id in enumerate(orders, start=1)}
    lines = [
        line
        for line in FulfilmentLine.objects.filter(fulfilment__in=fulfilments).select_related(
            "fulfilment", "order_line__sku"
        )
        if line.quantity > line.picked
    ]
    place = pick_list.location_id
    bins = bins_of_skus({line.order_line.sku_id for line in lines}, location_ids=[place])

    def first_bin(line: FulfilmentLine) -> Turn:
        return bins.get((place, line.order_line.sku_id), [(NO_BIN, "")])[0]

    def turn(line: FulfilmentLine) -> tuple[int, str, str, int]:
        walk, code = first_bin(line)
        return walk, code, line.order_line.sku.code, totes[line.fulfilment.order_id]

    return [
        PickListLine(
            pick_list=pick_list,
            fulfilment_line=line,
            sku=line.order_line.sku,
            bin=first_bin(line)[1],
            position=position,
            tote=totes[line.fulfilment.order_id],
            quantity=line.quantity - line.picked,
        )
        for position, line in enumerate(sorted(lines, key=turn), start=1)
    ]


def lock_pick_list(*, identity: int, actor: Principal) -> PickList:
    """Lock the orders on a list, then the list; `NotFound` when the actor may not see it."""
    if not visible_pick_lists(actor).filter(pk=identity).exists():
        raise NotFound("There is no such pick list.")
    on_list = Fulfilment.objects.filter(lines__pick_list_lines__pick_list=identity)
    lock_orders(set(on_list.values_list("order_id", flat=True)))
    return (
        PickList.objects.select_for_update(of=("self",)).select_related("location").get(pk=identity)
    )


def credit_pick_lists(units: Mapping[int, int]) -> None:
    """Count units of fulfilment lines (by id), picked without a scan, on the lists they are on.

    Else the list would go on asking for goods that lie in the tote.
    """
    lines = list(
        PickListLine.objects.filter(fulfilment_line__in=units)
        .exclude(pick_list__state=PickListState.COMPLETED)
        .order_by("id")
    )
    left = dict(units)
    for line in lines:
        credited = min(left[line.fulfilment_line_id], line.outstanding)
        line.picked += credited
        left[line.fulfilment_line_id] -= credited
    PickListLine.objects.bulk_update(lines, ["picked"])


def complete_pick_list(*, identity: int, actor: Principal) -> PickList:
    """Close a list of which every line is picked or short; else `PickListIncomplete`."""
    pick_list = lock_pick_list(identity=identity, actor=actor)
    state = next_pick_list_state(pick_list.state, "complete")
    still_open = [line for line in lines_with_orders([pick_list]) if outstanding(line)]
    if still_open:
        raise PickListIncomplete(
            lines=[
                {
                    "id": str(line.pk),
                    "sku": line.sku.code,
                    "bin": line.bin or None,
                    "outstanding": outstanding(line),
                }
                for line in still_open
            ]
        )
    pick_list.state = state
    pick_list.completed_at = timezone.now()
    pick_list.save(update_fields=["state", "completed_at"])
    return pick_list
