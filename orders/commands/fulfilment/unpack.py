"""Opening a closed box, or a bay, again: its goods are picked still, and can be changed."""

from __future__ import annotations

from core.access.principal import Principal
from inventory.commands.transfers.transfer import redraw_transfer
from orders.commands.fulfilment.common import (
    grip_goods,
    lines_of,
    lock_where_goods_are,
    publish_fulfilments,
    save_step,
)
from orders.models import Fulfilment
from orders.transitions import next_fulfilment_state

# What says that the goods are packed, or wait.
PACKED = ("transfer", "bay", "ready_at", "pickup_expires_at")


def unpack(*, code: str, actor: Principal) -> Fulfilment:
    """Open the box or the bay of a fulfilment again; its units stay picked."""
    fulfilment = lock_where_goods_are(code=code, actor=actor)
    fulfilment.state = next_fulfilment_state(fulfilment.life_cycle, fulfilment.state, "unpack")
    take_apart(fulfilment)
    save_step(fulfilment, "state", *PACKED)
    publish_fulfilments("fulfilment.unpacked", [fulfilment], actor=actor)
    grip_goods(lines_of(fulfilment))
    return fulfilment


def take_apart(fulfilment: Fulfilment) -> None:
    """Take back what packing and making ready noted; the caller saves `PACKED`.

    The draft of the transfer that was to bring the box to a shop is cancelled.
    """
    if fulfilment.transfer_id is not None:
        redraw_transfer(transfer_id=fulfilment.transfer_id, units={})
    fulfilment.transfer = None
    fulfilment.bay = ""
    fulfilment.ready_at = fulfilment.pickup_expires_at = None
