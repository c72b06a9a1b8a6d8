"""Moving stock from one location to another: draft, dispatch, receive in parts, cancel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone

from inventory import ledger
from inventory.choices import Reason
from inventory.commands.change import StockChange
from inventory.commands.holds import end_stale_holds
from inventory.errors import InsufficientStock, TransferExceeds
from inventory.ledger import Entry
from inventory.models import Transfer, TransferLine
from inventory.queries.transfers import as_id, transfer_documents, visible_transfers
from inventory.transitions import next_transfer_state
from omniretail.access.principal import Principal
from omniretail.audit.record import record
from omniretail.outbox.events import Fact, publish
from omniretail.problems import NotFound
from stores.queries.network import Place


def draft_transfer(
    *, source: Place, destination: Place, units: Mapping[int, int], actor: Principal
) -> dict[str, Any]:
    """Write down what is to go from one location to another (units by SKU id); nothing moves."""
    transfer = Transfer.objects.create(
        source_id=source.id, destination_id=destination.id, created_by=actor.name[:150]
    )
    TransferLine.objects.bulk_create(
        [
            TransferLine(transfer=transfer, sku_id=sku_id, quantity=quantity)
            for sku_id, quantity in units.items()
        ]
    )
    return _document(transfer, actor)


def dispatch_transfer(*, identity: str, actor: Principal) -> dict[str, Any]:
    """Let the goods leave: `on_hand` falls at the source.

    Only what is available there may leave: raises `InsufficientStock` otherwise, and
    `IllegalTransition` when it is no draft.
    """
    transfer = _lock(identity, actor, at="source")
    transfer.state = next_transfer_state(transfer.state, "dispatch")
    transfer.dispatched_at = timezone.now()
    transfer.save(update_fields=["state", "dispatched_at"])
    lines = _lines(transfer)
    end_stale_holds(actor=actor.name, sku_ids=sorted(line.sku_id for line in lines))
    rows = ledger.lock_rows([(line.sku_id, transfer.source_id) for line in lines])
    short = [
        {"sku": line.sku.code, "requested": line.quantity, "available": available}
        for line in lines
        if (available := _available(rows, line, transfer)) < line.quantity
    ]
    if short:
        raise InsufficientStock(lines=short)
    ledger.post(
        [
            Entry(
                line.sku_id,
                transfer.source_id,
                on_hand=-line.quantity,
                reason=Reason.TRANSFER_OUT,
                reference=subject_of(transfer),
            )
            for line in lines
        ],
        actor=actor.name,
    )
    return _tell("transfer.dispatched", transfer, actor)


def cancel_transfer(*, identity: str, actor: Principal) -> dict[str, Any]:
    """Give up a draft. Raises `IllegalTransition` once the goods have left."""
    transfer = _lock(identity, actor, at="source")
    transfer.state = next_transfer_state(transfer.state, "cancel")
    transfer.save(update_fields=["state"])
    return _document(transfer, actor)


def receive_transfer(
    *, identity: str, units: Mapping[str, int], close: bool, actor: Principal
) -> tuple[dict[str, Any], StockChange]:
    """Take in what has arrived (units by SKU code), in as many parts as it comes.

    With `close` whatever is still missing is settled as lost: the units left the source when
    they were dispatched, so the loss is shown at the destination as an arrival and a loss of
    the same units. Raises `TransferExceeds` when more came than is on its way.
    """
    transfer = _lock(identity, actor, at="destination")
    received = next_transfer_state(transfer.state, "receive")
    lines = _lines(transfer)
    _refuse_excess(lines, units)
    lost = {}
    for line in lines:
        line.received += units.get(line.sku.code, 0)
        if close:
            lost[line.sku_id] = line.quantity - line.received - line.lost
            line.lost += lost[line.sku_id]
    TransferLine.objects.bulk_update(lines, ["received", "lost"])
    if all(line.received + line.lost == line.quantity for line in lines):
        transfer.state = received
        transfer.received_at = timezone.now()
        transfer.save(update_fields=["state", "received_at"])
    if any(lost.values()):
        record(
            actor=actor,
            action="transfer.closed_with_loss",
            subject=subject_of(transfer),
            reason=Reason.TRANSFER_LOSS,
            lines=[
                {"sku": line.sku.code, "lost": lost[line.sku_id]}
                for line in lines
                if lost[line.sku_id]
            ],
        )
    arrived = {line.sku_id: units.get(line.sku.code, 0) for line in lines}
    document = _tell("transfer.received", transfer, actor)
    return document, _take_in(transfer, arrived, lost, actor)


def subject_of(transfer: Transfer) -> str:
    return f"transfers/{transfer.pk}"


def _take_in(
    transfer: Transfer, arrived: Mapping[int, int], lost: Mapping[int, int], actor: Principal
) -> StockChange:
    place, reference = transfer.destination_id, subject_of(transfer)
    entries = []
    for sku_id, quantity in arrived.items():
        if quantity:
            entries.append(
                Entry(
                    sku_id,
                    place,
                    on_hand=quantity,
                    reason=Reason.TRANSFER_IN,
                    reference=reference,
                )
            )
        if missing := lost.get(sku_id, 0):
            entries += [
                Entry(
                    sku_id,
                    place,
                    on_hand=units,
                    reason=Reason.TRANSFER_LOSS,
                    reference=reference,
                )
                for units in (missing, -missing)
            ]
    ledger.open_rows([(entry.sku_id, place) for entry in entries])
    balances = ledger.post(entries, actor=actor.name)
    more = frozenset(sku_id for sku_id, quantity in arrived.items() if quantity)
    return StockChange(balances=balances, more=more)


def _lock(identity: str, actor: Principal, *, at: str) -> Transfer:
    """Lock a transfer for an actor who may see the end where the act happens."""
    transfer = (
        visible_transfers(actor).filter(pk=as_id(identity)).select_for_update(of=("self",)).first()
    )
    if transfer is None or not actor.sees_location(getattr(transfer, at).code):
        raise NotFound("There is no such transfer.")
    return transfer


def _lines(transfer: Transfer) -> list[TransferLine]:
    """Return the lines as they are under the lock of their transfer."""
    return list(transfer.lines.select_related("sku").order_by("pk"))


def _available(rows: Mapping[tuple[int, int], Any], line: TransferLine, transfer: Transfer) -> int:
    row = rows.get((line.sku_id, transfer.source_id))
    return row.available if row else 0


def _refuse_excess(lines: Sequence[TransferLine], units: Mapping[str, int]) -> None:
    on_its_way = {line.sku.code: line.quantity - line.received - line.lost for line in lines}
    excess = [
        {"sku": sku, "received": quantity, "on_its_way": on_its_way.get(sku, 0)}
        for sku, quantity in units.items()
        if quantity > on_its_way.get(sku, 0)
    ]
    if excess:
        raise TransferExceeds(lines=excess)


def _tell(type: str, transfer: Transfer, actor: Principal) -> dict[str, Any]:
    document = _document(transfer, actor)
    publish(Fact(type, subject_of(transfer), document, actor=actor.name))
    return document


def _document(transfer: Transfer, actor: Principal) -> dict[str, Any]:
    """Return the document of a transfer as it has just been written."""
    return transfer_documents(visible_transfers(actor).filter(pk=transfer.pk))[0]
