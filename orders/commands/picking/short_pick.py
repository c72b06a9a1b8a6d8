"""Recording a short pick: fewer units found than the list asks for."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from core.access.principal import Principal
from core.problems.catalogue import NotFound, ValidationFailed
from orders.choices import RejectReason
from orders.commands.fulfilment.common import grip_goods, lines_of
from orders.commands.fulfilment.reject import GivenUp, give_up
from orders.commands.picking.ownership import person_of, take_pick_list
from orders.commands.picking.pick_lists import lock_pick_list
from orders.errors import LineSettled, LookAlsoIn
from orders.models import Fulfilment, FulfilmentLine, PickList, PickListLine
from orders.queries.pick_lists import lines_with_orders, outstanding
from orders.transitions import next_pick_list_state


@dataclass(frozen=True, slots=True)
class Found:
    """How many units of a line were found in all, and in which bins besides its own they were
    looked for."""

    units: int
    looked_in: Collection[str] = ()
    everywhere: bool = False


def short_pick(
    *, identity: int, line_id: int, found: Found, actor: Principal, person: str = ""
) -> PickList:
    """Record that fewer units of a line were found; source the others elsewhere.

    The units that were not found leave `reserved` for `unavailable` until a count. The same again
    changes nothing. Raises `LookAlsoIn` while the goods lie in bins that were not looked in,
    `LineSettled` when no unit is left to pick, `ValidationFailed` for a wrong number.
    """
    pick_list, _ = lock_pick_list(identity=identity, actor=actor)
    line = next((row for row in lines_with_orders([pick_list]) if row.pk == line_id), None)
    if line is None:
        raise NotFound("There is no such line on this pick list.")
    left = outstanding(line)
    if not left:
        if line.short and found.units == line.picked:
            return pick_list
        raise LineSettled(picked=line.picked, short=line.short)
    state = next_pick_list_state(pick_list.state, "short")
    take_pick_list(pick_list, person=person_of(actor, person), actor=actor)
    asked = line.picked + line.short + left
    if not line.picked <= found.units < line.picked + left:
        raise ValidationFailed.at(
            "/found",
            f"Of {asked} asked, {line.picked} are picked and {line.short} short already: found "
            f"in all is {line.picked} to {line.picked + left - 1}.",
            "out_of_range",
        )
    _check_bins(line, found)
    newly_found, missing = found.units - line.picked, line.picked + left - found.units
    line.picked = found.units
    line.short += missing
    line.save(update_fields=["picked", "short", "bin"])
    pick_list.state = state
    pick_list.save(update_fields=["state"])
    _give_up_missing(line.fulfilment_line, newly_found=newly_found, missing=missing, actor=actor)
    return pick_list


def _check_bins(line: PickListLine, found: Found) -> None:
    others = [code for code in line.also_in if code not in found.looked_in]
    if others and not found.everywhere:
        raise LookAlsoIn(
            f"{line.sku.code} lies in {', '.join(others)} as well: look there first.", bins=others
        )


def _give_up_missing(
    wanted: FulfilmentLine, *, newly_found: int, missing: int, actor: Principal
) -> None:
    fulfilment = (
        Fulfilment.objects.select_for_update(of=("self",), no_key=True)
        .select_related("order", "location", "source")
        .get(pk=wanted.fulfilment_id)
    )
    lines = lines_of(fulfilment)
    short = next(row for row in lines if row.pk == wanted.pk)
    short.picked += newly_found
    give_up(
        fulfilment,
        lines,
        [GivenUp(short, missing, RejectReason.NOT_FOUND)],
        occasion=f"short pick {fulfilment.code}",
        actor=actor,
    )
    grip_goods([short])  # its row is locked by now, with all others of its SKU
