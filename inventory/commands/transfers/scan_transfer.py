"""Scanning a transfer: loading at the source, unloading at the destination."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from core.access.principal import Principal
from core.problems.catalogue import DomainError
from inventory.choices import TransferState, TransferVerdict
from inventory.commands.scans import Judged, ScanBook, too_many
from inventory.commands.transfers.transfer import lines_of, lock_transfer
from inventory.models import Transfer, TransferLine, TransferScan
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
    first result.
    """
    transfer = _lock_where_it_is(identity, actor)
    lines = lines_of(transfer)
    judged = _judge(transfer, SCANS.unseen(reads), lines)
    kept = SCANS.keep(judged, owner=transfer.pk, actor=actor)
    for one in kept:
        if one.line and one.verdict == TransferVerdict.ACCEPTED:
            if transfer.state == TransferState.DRAFT:
                one.line.loaded += one.units
            else:
                one.line.unloaded += one.units
    TransferLine.objects.bulk_update(lines, ["loaded", "unloaded"])
    return transfer_document(transfer), [result for result, _ in SCANS.results(reads, kept)]


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
    judged: list[Judged[TransferLine]] = []
    for read in reads:
        label = labels[read.payload]
        if isinstance(label, DomainError):
            verdict = TransferVerdict.UNKNOWN_BARCODE
            judged.append(Judged(read, verdict, detail=label.detail))
            continue
        line = by_sku.get(label.sku_id)
        one = Judged(read, TransferVerdict.ACCEPTED, line, label)
        if line is None:
            detail = f"{label.scanned.sku} is not on this transfer."
            judged.append(replace(one, verdict=TransferVerdict.WRONG_ITEM, detail=detail))
        elif left[line.sku_id] < one.units:
            judged.append(replace(one, verdict=over, detail=too_many(one, left[line.sku_id])))
        else:
            left[line.sku_id] -= one.units
            judged.append(one)
    return judged
