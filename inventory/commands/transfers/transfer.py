"""Moving stock from one location to another: draft, change, dispatch, cancel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.utils import timezone

from core.access.principal import Principal
from core.outbox.events import OutboxEvent, publish
from core.problems.catalogue import NotFound
from inventory import ledger
from inventory.choices import Condition, Reason, ReservationState, TransferState
from inventory.commands.holds import end_stale_holds
from inventory.errors import (
    InsufficientStock,
    NothingScanned,
    NotInCondition,
    ReservationNotLive,
    TransferPromised,
)
from inventory.ledger import Entry, Part
from inventory.models import Transfer, TransferLine
from inventory.queries.available.conditions import conditions_of
from inventory.queries.transfers import as_id, transfer_document, visible_transfers
from inventory.transitions import next_transfer_state


def draft_transfer(
    *,
    source_id: int,
    destination_id: int,
    units: Mapping[int, int],
    reference: str = "",
    condition: str = "",
    actor: Principal,
) -> dict[str, Any]:
    """Draft a transfer from one location to another (units by SKU id); nothing moves.

    `reference` names the fulfilment, when the goods are promised already; `condition` is that of
    units which may not be sold (one of `TRANSFERABLE`).
    """
    transfer = Transfer.objects.create(
        source_id=source_id,
        destination_id=destination_id,
        reference=reference,
        condition=condition,
        created_by=actor.name[:150],
    )
    TransferLine.objects.bulk_create(
        [
            TransferLine(transfer=transfer, sku_id=sku_id, quantity=quantity)
            for sku_id, quantity in units.items()
        ]
    )
    return transfer_document(transfer)


def redraw_transfer(*, transfer_id: int, units: Mapping[int, int]) -> None:
    """Replace the units of a draft (by SKU id); a draft without units is cancelled.

    The caller has locked the order that the goods are for. One that is no draft stays as it is.
    """
    transfer = Transfer.objects.select_for_update(no_key=True).get(pk=transfer_id)
    if transfer.state != TransferState.DRAFT:
        return
    if not any(units.values()):
        transfer.state = next_transfer_state(transfer.state, "cancel")
        transfer.save(update_fields=["state"])
        return
    lines = lines_of(transfer)
    for line in lines:
        line.quantity = units.get(line.sku_id, 0)
        line.loaded = min(line.loaded, line.quantity)
    gone = [line.pk for line in lines if not line.quantity]
    TransferLine.objects.filter(pk__in=gone).delete()
    TransferLine.objects.bulk_update(
        [line for line in lines if line.quantity], ["quantity", "loaded"]
    )


def dispatch_transfer(
    *, identity: str, as_scanned: bool = False, actor: Principal
) -> dict[str, Any]:
    """Dispatch a transfer: `on_hand` falls at the source.

    `as_scanned`: what was loaded leaves, the rest of the draft is left behind. Only what is
    available may leave, or with a condition what is in it: raises `InsufficientStock` or
    `NotInCondition` otherwise, `NothingScanned`, and `IllegalTransition` when it is no draft.
    """
    transfer = lock_transfer(identity, actor, at="source")
    lines = _set_off(transfer, as_scanned=as_scanned)
    leaving = [line for line in lines if line.quantity]
    end_stale_holds(actor=actor.name, sku_ids=sorted(line.sku_id for line in leaving))
    rows = ledger.lock_rows([(line.sku_id, transfer.source_id) for line in leaving])
    if transfer.condition:
        _leave_condition(transfer, leaving, rows, actor)
        return publish_transfer("transfer.dispatched", transfer, actor)
    short = [
        {
            "sku": line.sku.code,
            "requested": line.quantity,
            "available": available,
            "location": transfer.source.code,
        }
        for line in leaving
        if (available := _available(rows, line, transfer)) < line.quantity
    ]
    if short:
        raise InsufficientStock(lines=short)
    ledger.post([_leaves(transfer, line) for line in leaving], actor=actor.name)
    return publish_transfer("transfer.dispatched", transfer, actor)


def dispatch_promised(
    *, identity: str, parts: Sequence[Part], as_scanned: bool = False, actor: Principal
) -> dict[str, Any]:
    """Dispatch promised goods: the reservations of them end, `on_hand` and `reserved` fall.

    `parts` are the reservations of all units of the draft. Raises `TransferPromised` when not all
    of it was scanned, and `ReservationNotLive` when a reservation is no longer live.
    """
    transfer = lock_transfer(identity, actor, at="source")
    missing = [line for line in lines_of(transfer) if line.loaded < line.quantity]
    if as_scanned and missing:
        raise TransferPromised(
            reference=transfer.reference,
            lines=[
                {"sku": line.sku.code, "quantity": line.quantity, "loaded": line.loaded}
                for line in missing
            ],
        )
    _set_off(transfer, as_scanned=False)
    left = ledger.close_reservations(
        parts,
        state=ReservationState.CONSUMED,
        reason=Reason.TRANSFER_OUT,
        actor=actor.name,
        leaves=True,
        reference=subject_of(transfer),
    )
    if not left:
        raise ReservationNotLive()
    return publish_transfer("transfer.dispatched", transfer, actor)


def cancel_transfer(*, identity: str, actor: Principal) -> dict[str, Any]:
    """Cancel a draft. Raises `IllegalTransition` once the goods have left."""
    transfer = lock_transfer(identity, actor, at="source")
    state = next_transfer_state(transfer.state, "cancel")
    if transfer.reference:
        raise TransferPromised(reference=transfer.reference, lines=[])
    transfer.state = state
    transfer.save(update_fields=["state"])
    return transfer_document(transfer)


def subject_of(transfer: Transfer) -> str:
    return f"transfers/{transfer.pk}"


def lock_transfer(identity: str, actor: Principal, *, at: str) -> Transfer:
    """Lock a transfer for an actor who may see the end where the act happens."""
    transfer = (
        visible_transfers(actor)
        .filter(pk=as_id(identity))
        .select_for_update(of=("self",), no_key=True)
        .first()
    )
    if transfer is None or not actor.sees_location(getattr(transfer, at).code):
        raise NotFound("There is no such transfer.")
    return transfer


def lines_of(transfer: Transfer) -> list[TransferLine]:
    """Return the lines as they are under the lock of their transfer."""
    return list(transfer.lines.select_related("sku").order_by("pk"))


def publish_transfer(type: str, transfer: Transfer, actor: Principal) -> dict[str, Any]:
    """Publish a transfer's event; return its document."""
    document = transfer_document(transfer)
    publish(OutboxEvent(type, subject_of(transfer), document, actor=actor.name))
    return document


def _set_off(transfer: Transfer, *, as_scanned: bool) -> list[TransferLine]:
    """Mark a transfer as in transit; return the lines, whose `quantity` is what leaves."""
    transfer.state = next_transfer_state(transfer.state, "dispatch")
    transfer.dispatched_at = timezone.now()
    transfer.save(update_fields=["state", "dispatched_at"])
    lines = lines_of(transfer)
    if as_scanned:
        if not any(line.loaded for line in lines):
            raise NothingScanned()
        for line in lines:
            line.left_behind = line.quantity - line.loaded
            line.quantity = line.loaded
        TransferLine.objects.bulk_update(lines, ["left_behind", "quantity"])
    return lines


def _leaves(transfer: Transfer, line: TransferLine) -> Entry:
    return Entry(
        line.sku_id,
        transfer.source_id,
        on_hand=-line.quantity,
        reason=Reason.TRANSFER_OUT,
        reference=subject_of(transfer),
    )


def _leave_condition(
    transfer: Transfer,
    leaving: Sequence[TransferLine],
    rows: Mapping[tuple[int, int], Any],
    actor: Principal,
) -> None:
    """Take units out of their condition and out of the building: two movements each, of which the
    first names the condition."""
    condition = Condition(transfer.condition)
    kept = conditions_of(rows.keys())
    there = {
        line.sku_id: kept[line.sku_id, transfer.source_id][condition]
        if (line.sku_id, transfer.source_id) in kept
        else 0
        for line in leaving
    }
    short = [line for line in leaving if there[line.sku_id] < line.quantity]
    if short:
        raise NotInCondition(
            lines=[
                {
                    "sku": line.sku.code,
                    "location": transfer.source.code,
                    "condition": condition.value,
                    "in_condition": there[line.sku_id],
                    "requested": line.quantity,
                }
                for line in short
            ]
        )
    entries = []
    for line in leaving:
        out = _leaves(transfer, line)
        entries += [
            replace(out, on_hand=0, unavailable=-line.quantity, reason=Reason(condition.value)),
            out,
        ]
    ledger.post(entries, actor=actor.name)


def _available(rows: Mapping[tuple[int, int], Any], line: TransferLine, transfer: Transfer) -> int:
    row = rows.get((line.sku_id, transfer.source_id))
    return row.available if row else 0
