"""A van that turns back: what is still on its way comes back to where it came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.access.principal import Principal
from inventory import ledger
from inventory.choices import Reason, TransferState
from inventory.commands.transfers.transfer import (
    lines_of,
    lock_transfer,
    publish_transfer,
    subject_of,
)
from inventory.ledger import Entry, NewReservation
from inventory.models import TransferLine
from inventory.transitions import next_transfer_state


def turn_back_transfer(
    *,
    identity: str,
    reservations: Sequence[NewReservation] = (),
    to_put_back: Mapping[int, int] | None = None,
    actor: Principal,
) -> tuple[dict[str, Any], frozenset[int]]:
    """Take all that has not arrived in again at the source; return the transfer, and the ids of
    the SKUs of which more can be promised.

    Units go to `reservations` first. Of the others so many are `to_put_back` (by SKU id), in a box
    that is closed still. What never arrived counts as left behind.
    """
    transfer = lock_transfer(identity, actor, at="source")
    state = next_transfer_state(transfer.state, "turn-back")
    lines = lines_of(transfer)
    back = {line.sku_id: line.on_its_way for line in lines if line.on_its_way}
    for line in lines:
        units = back.get(line.sku_id, 0)
        line.quantity -= units
        line.left_behind += units
        line.unloaded = 0
    TransferLine.objects.bulk_update(lines, ["quantity", "left_behind", "unloaded"])
    transfer.state = TransferState.RECEIVED if any(line.quantity for line in lines) else state
    transfer.save(update_fields=["state"])
    document = publish_transfer("transfer.turned_back", transfer, actor)
    apart = to_put_back or {}
    named = subject_of(transfer)
    entries = [
        Entry(
            sku_id,
            transfer.source_id,
            on_hand=units,
            reason=Reason.TRANSFER_OUT,
            reference=named,
        )
        for sku_id, units in back.items()
    ]
    entries += [
        Entry(
            sku_id,
            transfer.source_id,
            unavailable=units,
            reason=Reason.TO_PUT_BACK,
            reference=named,
        )
        for sku_id, units in apart.items()
    ]
    ledger.post_reserved(entries, reservations, actor=actor.name)
    free = {sku_id: units - apart.get(sku_id, 0) for sku_id, units in back.items()}
    for taken in reservations:
        free[taken.sku_id] -= taken.quantity
    return document, frozenset(sku_id for sku_id, units in free.items() if units > 0)
