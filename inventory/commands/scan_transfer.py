"""Scanning at the van: what is loaded at the source, what is unloaded at the destination."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from inventory.choices import TransferState, TransferVerdict
from inventory.commands.transfer import lines_of, lock_transfer
from inventory.models import Transfer, TransferLine, TransferScan
from inventory.queries.scan import Read, find_skus
from inventory.queries.transfers import as_id, transfer_document, visible_transfers
from inventory.transitions import next_transfer_state
from omniretail.access.principal import Principal


@dataclass(frozen=True, slots=True)
class Judged:
    """A read with its verdict, and the line that it belongs to."""

    read: Read
    verdict: TransferVerdict
    line: TransferLine | None = None


def scan_transfer(
    *, identity: str, reads: Sequence[Read], actor: Principal
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Count scanned units; return the transfer, and what came of each read in its order.

    While it is a draft they are loaded at the source, while it is in transit unloaded at the
    destination. A read that was seen before is a `duplicate` without effect and carries its
    first result.
    """
    transfer = _lock_where_it_is(identity, actor)
    fresh = {read.scan_id: read for read in reversed(reads)}  # the first of equal ids counts
    known = TransferScan.objects.filter(scan_id__in=list(fresh))
    for scan_id in known.values_list("scan_id", flat=True):
        del fresh[scan_id]
    lines = lines_of(transfer)
    judged = _judge(transfer, [r for r in reads if fresh.get(r.scan_id) is r], lines)
    kept = _keep(judged, transfer, actor)
    for one in judged:
        if one.line and one.verdict == TransferVerdict.ACCEPTED and one.read.scan_id in kept:
            if transfer.state == TransferState.DRAFT:
                one.line.loaded += one.read.quantity
            else:
                one.line.unloaded += one.read.quantity
    TransferLine.objects.bulk_update(lines, ["loaded", "unloaded"])
    return transfer_document(transfer), _results(reads, fresh, kept)


def _lock_where_it_is(identity: str, actor: Principal) -> Transfer:
    """Lock the transfer for somebody who stands where its goods are now."""
    seen = visible_transfers(actor).filter(pk=as_id(identity)).first()
    at_source = seen is None or seen.state == TransferState.DRAFT
    transfer = lock_transfer(identity, actor, at="source" if at_source else "destination")
    next_transfer_state(transfer.state, "scan")
    return transfer


def _judge(
    transfer: Transfer, reads: Sequence[Read], lines: Sequence[TransferLine]
) -> list[Judged]:
    """Decide each read in turn against what the transfer still expects here."""
    loading = transfer.state == TransferState.DRAFT
    over = TransferVerdict.OVER_LOAD if loading else TransferVerdict.OVER_UNLOAD
    by_sku = {line.sku_id: line for line in lines}
    left = {
        line.sku_id: line.quantity - line.loaded if loading else line.on_its_way - line.unloaded
        for line in lines
    }
    skus = find_skus({read.payload for read in reads})
    judged = []
    for read in reads:
        sku_id = skus.get(read.payload)
        line = by_sku.get(sku_id or 0)
        if sku_id is None:
            judged.append(Judged(read, TransferVerdict.UNKNOWN_BARCODE))
        elif line is None:
            judged.append(Judged(read, TransferVerdict.WRONG_ITEM))
        elif left[sku_id] < read.quantity:
            judged.append(Judged(read, over, line))
        else:
            left[sku_id] -= read.quantity
            judged.append(Judged(read, TransferVerdict.ACCEPTED, line))
    return judged


def _keep(judged: Sequence[Judged], transfer: Transfer, actor: Principal) -> set[UUID]:
    """Write the scans down; return the ids that were new.

    An id that another transfer has taken since we looked is left out: that was the first.
    """
    # In one order, so that two vans with the same ids do not wait for each other crosswise.
    rows = sorted(judged, key=lambda one: one.read.scan_id)
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO inventory_transferscan
                   (scan_id, transfer_id, line_id, payload, quantity, verdict, scanned_at, actor)
               SELECT s.scan_id, %s, s.line_id, s.payload, s.quantity, s.verdict, s.at, %s
               FROM unnest(%s::uuid[], %s::bigint[], %s::text[], %s::int[], %s::text[],
                           %s::timestamptz[]) AS s(scan_id, line_id, payload, quantity, verdict, at)
               ON CONFLICT DO NOTHING RETURNING scan_id""",
            [
                transfer.pk,
                actor.name[:150],
                [one.read.scan_id for one in rows],
                [one.line.pk if one.line else None for one in rows],
                [one.read.payload for one in rows],
                [one.read.quantity for one in rows],
                [str(one.verdict) for one in rows],
                [one.read.at for one in rows],
            ],
        )
        return {row[0] for row in cursor.fetchall()}


def _results(
    reads: Sequence[Read], fresh: dict[UUID, Read], kept: set[UUID]
) -> list[dict[str, Any]]:
    """Say what came of each read, as it is written down now."""
    written = TransferScan.objects.in_bulk({read.scan_id for read in reads})
    results = []
    for read in reads:
        verdict = written[read.scan_id].verdict
        if read.scan_id in kept and fresh[read.scan_id] is read:
            results.append({"scan_id": str(read.scan_id), "result": verdict})
        else:
            results.append(
                {
                    "scan_id": str(read.scan_id),
                    "result": TransferVerdict.DUPLICATE.value,
                    "first_result": verdict,
                }
            )
    return results
