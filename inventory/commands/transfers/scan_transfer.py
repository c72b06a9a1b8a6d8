"""Scanning a transfer: loading at the source, unloading at the destination."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from core.access.principal import Principal
from core.problems.catalogue import DomainError, NotFound
from inventory.choices import LabelStep, TransferState, TransferVerdict
from inventory.commands.labels import Labelled, record_labels
from inventory.commands.scans import Judged, ScanBook, too_many
from inventory.commands.transfers.transfer import lines_of, lock_transfer
from inventory.models import Transfer, TransferLine, TransferScan
from inventory.queries.labels import Serial, last_seen, serials_of
from inventory.queries.scan import Read, find_labels
from inventory.queries.transfers import as_id, transfer_document, visible_transfers
from inventory.transitions import next_transfer_state

SCANS = ScanBook(TransferScan, owner="transfer_id")


def scan_transfer(
    *, identity: str, reads: Sequence[Read], actor: Principal
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Count scanned units; return the transfer, and the result of each scan in its order.

    In a draft they are loaded at the source, in transit they are unloaded at the
    destination. A repeated scan is a `duplicate` without effect and carries its
    first result, wherever the goods are by then.
    """
    fresh = SCANS.unseen(reads)
    transfer = _lock_where_it_is(identity, actor) if fresh else _find(identity, actor)
    lines = lines_of(transfer)
    judged = _judge(transfer, fresh, lines)
    kept = SCANS.keep(judged, owner=transfer.pk, actor=actor)
    accepted = [one for one in kept if one.verdict == TransferVerdict.ACCEPTED]
    loading = transfer.state == TransferState.DRAFT
    for one in accepted:
        assert one.line
        if loading:
            one.line.loaded += one.units
        else:
            one.line.unloaded += one.units
    if fresh:
        TransferLine.objects.bulk_update(lines, ["loaded", "unloaded"])
    record_labels(
        (
            Labelled.of(one.label.sku_id, one.label.scanned, one.units, _reference(transfer))
            for one in accepted
            if one.label
        ),
        step=LabelStep.LOADED if loading else LabelStep.UNLOADED,
        location_id=transfer.source_id if loading else transfer.destination_id,
        actor=actor,
    )
    return transfer_document(transfer), [result for result, _ in SCANS.results(reads, kept)]


def _reference(transfer: Transfer) -> str:
    return f"transfers/{transfer.pk}"


def _find(identity: str, actor: Principal) -> Transfer:
    transfer = visible_transfers(actor).filter(pk=as_id(identity)).first()
    if transfer is None:
        raise NotFound("There is no such transfer.")
    return transfer


def _lock_where_it_is(identity: str, actor: Principal) -> Transfer:
    """Lock the transfer for an actor at the location where its goods are now."""
    seen = visible_transfers(actor).filter(pk=as_id(identity)).first()
    at_source = seen is None or seen.state == TransferState.DRAFT
    transfer = lock_transfer(identity, actor, at="source" if at_source else "destination")
    next_transfer_state(transfer.state, "scan")
    return transfer


def _judge(
    transfer: Transfer, reads: Sequence[Read], lines: Sequence[TransferLine]
) -> list[Judged[TransferLine]]:
    """Compare each scan in turn with the units that the transfer still expects here."""
    loading = transfer.state == TransferState.DRAFT
    over = TransferVerdict.OVER_LOAD if loading else TransferVerdict.OVER_UNLOAD
    by_sku = {line.sku_id: line for line in lines}
    left = {
        line.sku_id: line.quantity - line.loaded if loading else line.on_its_way - line.unloaded
        for line in lines
    }
    labels = find_labels(read.payload for read in reads)
    here = _serials_here(transfer, serials_of(labels.values()))
    judged: list[Judged[TransferLine]] = []
    for read in reads:
        label = labels[read.payload]
        if isinstance(label, DomainError):
            verdict = TransferVerdict.UNKNOWN_BARCODE
            judged.append(Judged(read, verdict, detail=label.detail))
            continue
        line = by_sku.get(label.sku_id)
        one = Judged(read, TransferVerdict.ACCEPTED, line, label)
        serial = (label.sku_id, label.scanned.serial or "")
        if serial[1] and (serial in here or read.quantity > 1):
            detail = f"Serial number {serial[1]} is one thing: it was read already."
            judged.append(replace(one, verdict=TransferVerdict.DUPLICATE, detail=detail))
        elif line is None:
            detail = f"{label.scanned.sku} is not on this transfer."
            judged.append(replace(one, verdict=TransferVerdict.WRONG_ITEM, detail=detail))
        elif left[line.sku_id] < one.units:
            judged.append(replace(one, verdict=over, detail=too_many(one, left[line.sku_id])))
        else:
            left[line.sku_id] -= one.units
            here.add(serial)
            judged.append(one)
    return judged


def _serials_here(transfer: Transfer, serials: Collection[Serial]) -> set[Serial]:
    """Return those of the serial numbers that were scanned on this transfer at this end."""
    step = LabelStep.LOADED if transfer.state == TransferState.DRAFT else LabelStep.UNLOADED
    return {
        serial
        for serial, row in last_seen(serials).items()
        if row.step == step and row.reference == _reference(transfer)
    }
