"""Ship-to-store: goods that another building sends to the shop where their customer collects.

The goods travel on a transfer: drafted when the box is closed, dispatched when it leaves, received
at the shop (`arrivals.py`). Until it leaves the reservations are at the source; in transit there
are none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from core.access.principal import Principal
from inventory.commands.transfers.transfer import (
    dispatch_promised,
    dispatch_transfer,
    draft_transfer,
    redraw_transfer,
)
from inventory.errors import ReservationNotLive
from inventory.ledger import Part
from inventory.queries.transfers import as_id
from orders.choices import FulfilmentState
from orders.commands.fulfilment.common import (
    lines_of,
    lock_fulfilment,
    publish_fulfilments,
    save_step,
)
from orders.commands.fulfilment.ready import let_wait
from orders.errors import ReservationBroken
from orders.models import Fulfilment, FulfilmentLine
from orders.transitions import ARRIVE, next_fulfilment_state


def draft_transfer_to_store(
    fulfilment: Fulfilment, lines: Iterable[FulfilmentLine], *, actor: Principal
) -> None:
    """Draft the transfer of a closed box; the caller saves the fulfilment."""
    drafted = draft_transfer(
        source_id=fulfilment.building.pk,
        destination_id=fulfilment.location_id,
        units=_units(lines),
        reference=fulfilment.code,
        actor=actor,
    )
    fulfilment.transfer_id = int(drafted["id"])


def dispatch_to_store(
    fulfilment: Fulfilment, *, as_scanned: bool = False, actor: Principal
) -> dict[str, Any]:
    """Dispatch a locked, packed box to its shop; return its transfer.

    Raises `ReservationBroken` when a count has just found fewer goods.
    """
    fulfilment.state = next_fulfilment_state(fulfilment.life_cycle, fulfilment.state, "ship")
    save_step(fulfilment, "state", "carrier", "tracking_number")
    publish_fulfilments("fulfilment.in_transit", [fulfilment], actor=actor)
    try:
        return dispatch_promised(
            identity=str(fulfilment.transfer_id),
            parts=[Part(line.reservation_id, line.quantity) for line in lines_of(fulfilment)],
            as_scanned=as_scanned,
            actor=actor,
        )
    except ReservationNotLive as gone:
        raise ReservationBroken() from gone


def dispatch_goods(*, identity: str, as_scanned: bool, actor: Principal) -> dict[str, Any]:
    """Dispatch a transfer, whether its goods are for stock or promised to a customer."""
    promised = Fulfilment.objects.filter(transfer=as_id(identity)).values_list("code", flat=True)
    code = promised.first()
    if code is None:
        return dispatch_transfer(identity=identity, as_scanned=as_scanned, actor=actor)
    fulfilment = lock_fulfilment(code=code, actor=actor)
    return dispatch_to_store(fulfilment, as_scanned=as_scanned, actor=actor)


def adapt_transfers(identities: Collection[int], *, actor: Principal) -> None:
    """Adapt the transfers of these fulfilments (ids) after units were taken off them.

    The draft of a box that has not left shrinks or is cancelled. A box in transit of which all
    that is still wanted has arrived is ready: other units in transit go on sale there.
    """
    sent = Fulfilment.objects.filter(pk__in=identities, transfer__isnull=False)
    for fulfilment in sent.select_related("order", "location", "source").order_by("pk"):
        lines = lines_of(fulfilment)
        if fulfilment.state == FulfilmentState.IN_TRANSIT:
            wait_if_whole(fulfilment, lines, actor=actor)
        else:
            assert fulfilment.transfer_id is not None
            redraw_transfer(transfer_id=fulfilment.transfer_id, units=_units(lines))


def wait_if_whole(
    fulfilment: Fulfilment, lines: Collection[FulfilmentLine], *, actor: Principal
) -> None:
    """Make the fulfilment ready, if no wanted unit is in transit any more."""
    if any(line.quantity for line in lines) and all(
        line.arrived == line.quantity for line in lines
    ):
        state = next_fulfilment_state(fulfilment.life_cycle, fulfilment.state, ARRIVE)
        let_wait(fulfilment, state=state, actor=actor)


def _units(lines: Iterable[FulfilmentLine]) -> dict[int, int]:
    """Return the units to be sent by SKU id."""
    units: dict[int, int] = {}
    for line in lines:
        if line.quantity:
            sku_id = line.order_line.sku_id
            units[sku_id] = units.get(sku_id, 0) + line.quantity
    return units
