"""The ends of a pick list: everything picked or short, or given back."""

from __future__ import annotations

from django.db.models import Exists, F, OuterRef
from django.utils import timezone

from core.access.principal import Principal
from core.audit.record import record
from orders.choices import FulfilmentState
from orders.commands.picking.ownership import check_person, person_of
from orders.commands.picking.pick_lists import lock_pick_list, with_units_to_pick
from orders.errors import PickListIncomplete
from orders.models import Fulfilment, FulfilmentLine, PickList, PickListLine
from orders.queries.pick_lists import lines_with_orders, outstanding
from orders.transitions import next_pick_list_state


def complete_pick_list(*, identity: int, actor: Principal, person: str = "") -> PickList:
    """Close a list of which every line is picked or short; else `PickListIncomplete`."""
    pick_list, _ = lock_pick_list(identity=identity, actor=actor)
    state = next_pick_list_state(pick_list.state, "complete")
    check_person(pick_list, person=person_of(actor, person), actor=actor)
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


def abandon_pick_list(*, identity: int, actor: Principal, person: str = "") -> PickList:
    """Give a list back: what is picked stays with its order, the rest is free for another list."""
    pick_list, _ = lock_pick_list(identity=identity, actor=actor)
    check_person(pick_list, person=person_of(actor, person), actor=actor)
    pick_list.state = next_pick_list_state(pick_list.state, "abandon")
    pick_list.save(update_fields=["state"])
    lines = PickListLine.objects.filter(pick_list=pick_list)
    lines.update(quantity=F("picked") + F("short"))
    on_list = PickListLine.objects.filter(pick_list=pick_list).values("fulfilment_line__fulfilment")
    unfinished = Fulfilment.objects.filter(
        Exists(with_units_to_pick()), pk__in=on_list, state=FulfilmentState.PICKING
    )
    begun = Exists(FulfilmentLine.objects.filter(fulfilment=OuterRef("pk"), picked__gt=0))
    freed = list(unfinished.annotate(is_begun=begun).order_by("pk"))
    for fulfilment in freed:
        fulfilment.given_back = fulfilment.is_begun
        fulfilment.version += 1
        if not fulfilment.is_begun:
            fulfilment.state = FulfilmentState.OPEN
    Fulfilment.objects.bulk_update(freed, ["given_back", "state", "version"])
    record(
        actor=actor,
        action="pick_list.abandoned",
        subject=f"pick-lists/{pick_list.pk}",
        fulfilments=len(freed),
    )
    return pick_list
